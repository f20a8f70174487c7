// The text of a request's head -> method, target, version and fields as they were sent (RFC 9112 sections 3 and 5).
import { METHODS } from 'node:http'
import { isFieldName } from '../../headers.ts'
import { trimmed } from '../../http1/message-text.ts'
import { UsualNames } from '../../http1/usual-names.ts'
import { isTarget } from '../request-target.ts'
import { malformed } from './malformed.ts'

/** To the string that is compared fast everywhere else. */
const KNOWN_METHODS: ReadonlyMap<string, string> = new Map(METHODS.map((method) => [method, method]))
export const LONGEST_METHOD = Math.max(...METHODS.map(({ length }) => length))
const VERSION = /^HTTP\/(\d)\.(\d)$/
const USUAL_VERSION = ' HTTP/1.1'

export interface HeadText {
  readonly method: string
  readonly target: string
  readonly major: number
  readonly minor: number
  /** name, value, name, value ... */
  readonly pairs: string[]
}

const usual = new UsualNames(isFieldName)

/** False when no request begins so, whatever comes after it. */
export function mayBeHead(text: string): boolean {
  const space = text.indexOf(' ')
  const method = space < 0 ? text : text.slice(0, space)
  if (space >= 0) return KNOWN_METHODS.has(method)
  return method.length <= LONGEST_METHOD && METHODS.some((known) => known.startsWith(method))
}

/** `text` is checked by `assertText`, and ends in CRLF after its last line. Throws what `malformed` makes. */
export function readHeadText(text: string): HeadText {
  const end = text.indexOf('\r\n')
  const space = text.indexOf(' ')
  const method = KNOWN_METHODS.get(text.slice(0, Math.max(0, space)))
  if (method === undefined) throw malformed('no method')
  const pairs = readPairs(text, end + 2)
  if (text.startsWith(USUAL_VERSION, end - USUAL_VERSION.length)) {
    const target = text.slice(space + 1, end - USUAL_VERSION.length)
    assertTarget(target)
    return { method, target, major: 1, minor: 1, pairs }
  }
  const last = text.lastIndexOf(' ', end)
  const version = VERSION.exec(text.slice(last + 1, end))
  if (version === null) throw malformed('no version')
  const target = text.slice(space + 1, last)
  assertTarget(target)
  return { method, target, major: Number(version[1]), minor: Number(version[2]), pairs }
}

/** Lines of a head, or of trailers. */
export function readPairs(text: string, from: number): string[] {
  const pairs: string[] = []
  usual.begin()
  for (let at = from; at < text.length; ) {
    const end = text.indexOf('\r\n', at)
    const colon = text.indexOf(':', at)
    // Also a folded line, and a space before the colon: neither is a name (RFC 9112 sections 5.1 and 5.2).
    if (colon < 0 || colon > end) throw malformed('a line without a name')
    const name = usual.read(text, at, colon)
    if (name === undefined) throw malformed('a name that is none')
    pairs.push(name, trimmed(text, colon + 1, end))
    at = end + 2
  }
  return pairs
}

function assertTarget(target: string): void {
  if (!isTarget(target)) throw malformed('a target that is none')
}
