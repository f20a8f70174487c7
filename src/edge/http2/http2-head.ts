// The head of an HTTP/2 request in the form of HTTP/1.1: pseudo fields taken out, one Host, one Cookie.
import { randomBytes } from 'node:crypto'
import { METHODS } from 'node:http'
import { GatewayError } from '../../errors.ts'
import { HeaderList } from '../../headers.ts'
import { isTarget } from '../request-target.ts'

const KEY_BYTES = 16

export interface Http2Head {
  readonly method: string
  /** As sent. */
  readonly target: string
  readonly authority: string | undefined
  /** Flat pairs as node's `rawHeaders` of HTTP/1.1; what had no single meaning is not in there. */
  readonly pairs: string[]
  /** An extended CONNECT for WebSocket (RFC 8441), here with the method of the handshake that it stands for. */
  readonly upgrade: boolean
  /** Why the request is refused. */
  readonly fault: GatewayError | undefined
}

const KNOWN_METHODS: ReadonlySet<string> = new Set(METHODS)

interface Scan {
  readonly pseudo: Map<string, string>
  readonly pairs: string[]
  readonly hosts: string[]
  readonly cookies: string[]
}

/** The library has refused what RFC 9113 section 8 forbids in any message: order, case, `connection`, `te: gzip`. */
export function readHttp2Head(raw: readonly string[]): Http2Head {
  const scan: Scan = { pseudo: new Map(), pairs: [], hosts: [], cookies: [] }
  for (let at = 0; at < raw.length; at += 2) take(scan, raw[at]!, raw[at + 1]!)
  const { pseudo, pairs, hosts, cookies } = scan
  const authority = pseudo.get(':authority') ?? hosts[0]
  const upgrade = pseudo.get(':method') === 'CONNECT' && pseudo.get(':protocol') === 'websocket'
  if (upgrade) becomeHandshake(scan)
  // RFC 9113 section 8.2.3: split for the compression alone.
  if (cookies.length > 0) pairs.push('cookie', cookies.join('; '))
  return {
    method: pseudo.get(':method') ?? '',
    target: pseudo.get(':path') ?? '',
    authority,
    pairs: authority === undefined ? pairs : ['Host', authority, ...pairs],
    upgrade,
    fault: faultOf(pseudo, authority, hosts),
  }
}

// RFC 8441 section 5: without a key, which a service on HTTP/1.1 cannot do without; one that was sent means nothing.
function becomeHandshake({ pseudo, pairs }: Scan): void {
  pseudo.set(':method', 'GET')
  pseudo.delete(':protocol')
  const headers = new HeaderList(pairs)
  headers.set('upgrade', 'websocket')
  headers.set('sec-websocket-key', randomBytes(KEY_BYTES).toString('base64'))
}

function take(scan: Scan, name: string, value: string): void {
  if (name.charCodeAt(0) === COLON) scan.pseudo.set(name, value)
  else if (name === 'host') scan.hosts.push(value)
  else if (name === 'cookie') scan.cookies.push(value)
  else scan.pairs.push(name, value)
}

const COLON = 0x3a

function faultOf(
  pseudo: ReadonlyMap<string, string>,
  authority: string | undefined,
  hosts: readonly string[],
): GatewayError | undefined {
  const method = pseudo.get(':method') ?? ''
  if (!KNOWN_METHODS.has(method) || method === 'CONNECT') return new GatewayError('METHOD_NOT_SUPPORTED')
  if (pseudo.has(':protocol')) return new GatewayError('BAD_REQUEST')
  const scheme = pseudo.get(':scheme')
  if (scheme !== 'https' && scheme !== 'http') return new GatewayError('BAD_REQUEST')
  // RFC 9113 section 8.3.1: Host says what :authority says, or somebody is confused.
  if (hosts.some((host) => host.toLowerCase() !== authority?.toLowerCase())) {
    return new GatewayError('INVALID_HOST')
  }
  const path = pseudo.get(':path') ?? ''
  // The absolute form is for proxies of HTTP/1.1.
  if (path[0] !== '/' && !(path === '*' && method === 'OPTIONS')) return new GatewayError('INVALID_PATH')
  return isTarget(path) ? undefined : new GatewayError('BAD_REQUEST')
}
