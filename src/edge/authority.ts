// The authority of a request (RFC 9112 section 3.2): exactly one valid Host, lower case, port apart.
import { GatewayError } from '../errors.ts'

const HOST = /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?\.?|\[[0-9A-Fa-f:.]+\])(?::([0-9]{1,5}))?$/
const MAX_HOST_LENGTH = 255
const MAX_PORT = 65_535

export interface Authority {
  /** Lower case, without the port and the trailing dot. */
  readonly host: string
  /** As sent, for `X-Forwarded-Host`. */
  readonly text: string
}

/** Throws INVALID_HOST. */
export function parseAuthority(text: string): Authority {
  const match = text.length <= MAX_HOST_LENGTH ? HOST.exec(text) : null
  if (!match || Number(match[2] ?? 0) > MAX_PORT) throw new GatewayError('INVALID_HOST')
  const host = match[1]!.toLowerCase()
  return { host: host.endsWith('.') ? host.slice(0, -1) : host, text }
}

/** Remembers what it parsed: a gateway serves few hosts, each of them on every request. */
export function createAuthorityParser(limit = 1000): (text: string) => Authority {
  const known = new Map<string, Authority>()
  return (text) => {
    let authority = known.get(text)
    if (!authority) {
      authority = parseAuthority(text)
      if (known.size >= limit) known.clear()
      known.set(text, authority)
    }
    return authority
  }
}
