// One canonical path per request, or a refusal: matched, authorised, logged and forwarded as the same string.
import { GatewayError } from '../errors.ts'

// Segments that start with no dot and carry nothing escaped: what nearly every request has.
const PLAIN = /^(?:\/[A-Za-z0-9_~!$&'()*+,=:@-][A-Za-z0-9._~!$&'()*+,=:@-]*)*\/?$/
// RFC 3986 section 3.3: what may stand in a path at all.
const PATH_CHARACTERS = /^(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*$/
const UNRESERVED = /[A-Za-z0-9._~-]/
// Decoders behind the gateway see a separator, an end or a control in these: \ NUL-US DEL ? #.
const AMBIGUOUS = /%(?:5C|[01][0-9A-F]|7F|3F|23)/
const ENCODED_SLASH = '%2F'
// A second decoding would make ASCII: `%252e` a dot, `%2561dmin` the name of another route.
const DOUBLE_ENCODED = /%25[0-7][0-9A-Fa-f]/
// RFC 3629 section 3: longer than need be, which lax decoders take all the same: `%C0%AE` for a dot. Also escaped twice.
const OVERLONG =
  /%(?:25)?(?:C[01]|E0%(?:25)?[89].|F0%(?:25)?8.|F8%(?:25)?8[0-7]|FC%(?:25)?8[0-3])%(?:25)?[89AB]/i
// Without its parameters it would be an empty segment.
const NAMELESS_SEGMENT = /\/(?:;|%3B)/
// `.` and `..`, also with path parameters (`..;x`), which some servers strip before they resolve dots.
const DOT_SEGMENT = /(?:^|\/)\.{1,2}(?:(?:;|%3B)[^/]*)?(?:\/|$)/
// Some servers strip spaces and parameters at the end of a segment.
const STRIPPED_END = /%20(?:\/|$)|\.\.(?:;|%3B)/

/**
 * RFC 3986 section 6.2.2: decodes escaped unreserved characters and upper-cases the other escapes.
 * Throws INVALID_PATH for a path that two servers could read in two ways; but for an escaped slash, which a route may
 * allow: whoever reads it as a separator must find a canonical path too.
 */
export function canonicalPath(path: string): string {
  if (PLAIN.test(path) && path !== '') return path
  if (path[0] !== '/') throw refusal('The path must start with a slash.')
  if (!PATH_CHARACTERS.test(path)) throw refusal('The path has a character that must be percent-encoded.')
  const decoded = path.replace(/%[0-9A-Fa-f]{2}/g, normalizeEscape)
  assertOneReading(hasEncodedSlash(decoded) ? decoded.replaceAll(ENCODED_SLASH, '/') : decoded)
  return decoded
}

function assertOneReading(path: string): void {
  if (path.includes('//')) throw refusal('The path has an empty segment.')
  if (AMBIGUOUS.test(path)) throw refusal('The path has an escaped separator or control character.')
  if (DOUBLE_ENCODED.test(path)) throw refusal('The path is escaped twice.')
  if (OVERLONG.test(path)) throw refusal('The path has a character in overlong UTF-8.')
  if (NAMELESS_SEGMENT.test(path)) throw refusal('A path segment has parameters but no name.')
  if (DOT_SEGMENT.test(path)) throw refusal('The path has dot segments.')
  if (STRIPPED_END.test(path)) throw refusal('A path segment has an ambiguous end.')
}

/** True for a canonical path that only a route with `encodedSlashes: allow` may take. */
export function hasEncodedSlash(path: string): boolean {
  return path.includes(ENCODED_SLASH)
}

export function encodedSlashRefusal(): GatewayError {
  return refusal('The path has an escaped slash.')
}

function normalizeEscape(encoded: string): string {
  const character = String.fromCharCode(Number.parseInt(encoded.slice(1), 16))
  return UNRESERVED.test(character) ? character : encoded.toUpperCase()
}

function refusal(detail: string): GatewayError {
  return new GatewayError('INVALID_PATH', { detail })
}

const PARAMETERS = /(?:;|%3B)[^/]*/g

/**
 * The path as routes match it: without `;parameters`, which servlet containers take off before they look, so that
 * `/admin;x` is `/admin` for them (CVE-2020-5902 class). It is forwarded with them.
 */
export function withoutParameters(path: string): string {
  return path.includes(';') || path.includes('%3B') ? path.replace(PARAMETERS, '') : path
}
