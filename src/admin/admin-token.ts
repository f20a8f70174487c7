// The admin token: where it comes from, which ones are refused, and how one is compared.
import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'

export type Environment = Readonly<Record<string, string | undefined>>

const NAME = 'TURNPIKE_ADMIN_TOKEN'
const MIN_LENGTH = 16
/** `aaaaaaaaaaaaaaaa` is long enough and worth nothing. */
const MIN_DIFFERENT = 6
const MAX_FILE_BYTES = 4096
const USABLE = /^[\x21-\x7e]+$/

/** From TURNPIKE_ADMIN_TOKEN or the file that TURNPIKE_ADMIN_TOKEN_FILE names; undefined when neither is set. */
export function adminToken(env: Environment): string | undefined {
  const direct = env[NAME]
  const file = env[`${NAME}_FILE`]
  if (direct !== undefined && file !== undefined) throw new Error(`set ${NAME} or ${NAME}_FILE, not both`)
  const token = file === undefined ? direct : readToken(file)
  if (token === undefined) return undefined
  const weakness = weaknessOf(token)
  if (weakness) throw new Error(`${NAME} ${weakness}: use for example the output of "openssl rand -hex 32"`)
  return token
}

/** Takes as long for a wrong first byte as for a wrong last one, and for any length. */
export function tokenMatcher(token: string): (given: string) => boolean {
  const expected = digest(token)
  return (given) => timingSafeEqual(digest(given), expected)
}

function weaknessOf(token: string): string | undefined {
  if (token.length < MIN_LENGTH) return `is shorter than ${MIN_LENGTH} characters`
  if (!USABLE.test(token)) return 'has a character that cannot stand in a header'
  const guessable = /change_?-?me/i.test(token) || new Set(token).size < MIN_DIFFERENT
  return guessable ? 'can be guessed' : undefined
}

function readToken(file: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Error(`${NAME}_FILE: cannot read ${file}`, { cause })
  }
  if (text.length > MAX_FILE_BYTES) throw new Error(`${NAME}_FILE: ${file} is too large for a token`)
  return text.trim()
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
