// What is a host name, wherever one is written or asked for.

// RFC 1123 section 2.1, and the underscore that internal names often have.
const NAME = /^(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/
const MAX_LENGTH = 253

/** In ASCII and lower case, without a dot at its end. */
export function isHostName(text: string): boolean {
  return text.length <= MAX_LENGTH && NAME.test(text)
}
