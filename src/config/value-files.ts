// Small files whose text becomes a value: secrets, and what `${file:}` names.
import { realpathSync, statSync } from 'node:fs'
import { isAbsolute, relative, sep } from 'node:path'
import { readFileOf } from './read-text.ts'

/** A value larger than this is a mistake. */
const MAX_VALUE_BYTES = 64 * 1024
const DEFAULT_SECRETS_DIRECTORY = '/run/secrets'

type Environment = Readonly<Record<string, string | undefined>>

export function secretsDirectory(env: Environment): string {
  return env['TURNPIKE_SECRETS_DIR'] || DEFAULT_SECRETS_DIRECTORY
}

/** Without the line break at the end: a file has one by habit, a secret has none. Throws a Node error. */
export function readValue(path: string): string {
  return readFileOf(path, MAX_VALUE_BYTES)
    .toString('utf8')
    .replace(/\r?\n$/, '')
}

export function isWorldReadable(path: string): boolean {
  return (statSync(path).mode & 0o004) !== 0
}

/** True when `path`, with symbolic links followed, lies below `directory`. */
export function isInside(path: string, directory: string): boolean {
  const way = relative(realPath(directory), realPath(path))
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way)
}

function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
