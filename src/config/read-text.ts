// Reads one file of the config: bounded, UTF-8, no NUL.
import { readFileSync, statSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import type { ConfigFault } from './fault.ts'
import { Source } from './source.ts'

export const MAX_FILE_BYTES = 10 * 1024 * 1024
const NOT_A_FILE = 'not a file'

export type ReadText = { readonly source: Source } | { readonly fault: ConfigFault }

/** `file` as the user would type it, `path` absolute. */
export async function readText(file: string, path: string): Promise<ReadText> {
  try {
    const facts = await stat(path)
    if (!facts.isFile()) return refuse(file, `${file} is not a file`)
    if (facts.size > MAX_FILE_BYTES) return refuse(file, `${file} is larger than 10 MB`)
    return decode(file, path, await readFile(path))
  } catch (error) {
    return refuse(file, `${file} ${unreadable(error)}`)
  }
}

/** Throws a Node error. Reading a pipe would wait for whoever writes into it, with the whole process. */
export function readFileOf(path: string, maxBytes: number): Buffer {
  const facts = statSync(path)
  if (!facts.isFile()) throw Object.assign(new Error(), { code: NOT_A_FILE })
  if (facts.size > maxBytes) throw Object.assign(new Error(), { code: `more than ${maxBytes / 1024} KiB` })
  return readFileSync(path)
}

/** Why a file could not be read, in words. */
export function unreadable(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'does not exist'
  if (code === NOT_A_FILE) return 'is not a file'
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read'
  return `cannot be read (${code ?? String(error)})`
}

function decode(file: string, path: string, bytes: Buffer): ReadText {
  const text = toText(bytes)
  if (text === undefined) return refuse(file, `${file} is not UTF-8`)
  const source = new Source(file, path, text)
  const nul = text.indexOf('\0')
  if (nul < 0) return { source }
  const fault = { path: [], message: `${file} has a NUL byte`, hint: 'is it a text file?', whole: true }
  return { fault: { ...fault, position: source.position(nul) } }
}

function toText(bytes: Buffer): string | undefined {
  try {
    // Drops a byte order mark as well.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}

function refuse(file: string, message: string): ReadText {
  return { fault: { path: [], message, whole: true, position: { file } } }
}
