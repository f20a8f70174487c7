// What a canonical path looks like: for patterns to be brought to, and for rewritten paths to be held to.

const UNRESERVED = /[A-Za-z0-9\-._~]/
const ALL_UNRESERVED = /^[A-Za-z0-9\-._~]*$/
const TRIPLET = /%([0-9A-Fa-f]{2})/g
// RFC 3986 section 3.3: pchar without "%" is what may stand in a segment as it is.
const NOT_PCHAR = /[^A-Za-z0-9\-._~!$&'()*+,;=:@%]|%(?![0-9A-Fa-f]{2})/gu
// `;` after dots: servlet containers cut path parameters off before they resolve dot segments.
const DOT_SEGMENT = /^(?:\.|%2e){1,2}(?:;.*)?$/i
const NOT_CANONICAL = /^(?!\/)|\/\/|[^\x21-\x7e]|[\\?#]|\/(?:\.|%2e){1,2}(?:[/;]|$)/i

/** One slash at the front, none doubled, no dot segment in any spelling, nothing but visible ASCII. */
export function isCanonicalPath(path: string): boolean {
  return !NOT_CANONICAL.test(path)
}

export function isDotSegment(text: string): boolean {
  return DOT_SEGMENT.test(text)
}

/** Literal text of a pattern in the spelling of the canonical path (RFC 3986 section 6.2.2). */
export function canonicalText(text: string): string {
  if (ALL_UNRESERVED.test(text)) return text
  return text.replace(NOT_PCHAR, percentEncode).replace(TRIPLET, (triplet: string, hex: string) => {
    const char = String.fromCharCode(Number.parseInt(hex, 16))
    return UNRESERVED.test(char) ? char : triplet.toUpperCase()
  })
}

/** Every byte as a percent triplet; text as UTF-8. */
export function percentEncode(text: string | Buffer): string {
  const bytes = typeof text === 'string' ? Buffer.from(text) : text
  return bytes.toString('hex').toUpperCase().replace(/../g, '%$&')
}
