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
    const found = await stat(path)
    const facts = [found.ino, found.size, found.mtimeMs, found.ctimeMs].join(':')
    if (facts === known?.facts) return known
    if (found.isDirectory()) return { facts, digest: (await readdir(path)).sort().join('\n') }
    // A pipe would hold a thread of the pool until somebody writes into it, and with it the end of the process.
    const isRead = found.isFile() && found.size <= MAX_FILE_BYTES
    return { facts, digest: isRead ? digestOf(await readFile(path)) : facts }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    // Not there or not readable is a state like any other; everything else is a mistake of ours.
    if (code === undefined) throw error
    return { facts: `${code}`, digest: `${code}` }
  }
}

function digestOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64')
}
