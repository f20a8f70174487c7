// Whether a file or directory has changed: by its facts first, then by its content.
import { createHash } from 'node:crypto'
import { readdir, readFile, stat } from 'node:fs/promises'
import { MAX_FILE_BYTES } from './read-text.ts'

export interface Fingerprint {
  /** Cheap to read; the same facts mean the same content. */
  readonly facts: string
  /** Of the content; of the names in a directory. */
  readonly digest: string
}

/** `known` is returned as it is while the facts are the same. */
export async function takeFingerprint(path: string, known?: Fingerprint): Promise<Fingerprint> {
  try {
    const { ino, size, mtimeMs, ctimeMs, ...rest } = await stat(path)
    const facts = [ino, size, mtimeMs, ctimeMs].join(':')
    if (facts === known?.facts) return known
    if (rest.isDirectory()) return { facts, digest: (await readdir(path)).sort().join('\n') }
    return { facts, digest: size > MAX_FILE_BYTES ? facts : digestOf(await readFile(path)) }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return { facts: `${code}`, digest: `${code}` }
  }
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64')
}
