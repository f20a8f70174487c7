// What happens to each request header by its name: passed on, dropped, or read by the edge.
import { isHopByHop } from '../headers.ts'

export type HeaderRule =
  | 'forward'
  | 'drop'
  | 'host'
  | 'connection'
  | 'transfer-encoding'
  | 'content-length'
  | 'expect'
  | 'upgrade'
  | 'forwarded'
  | 'trusted-only'

const READ_BY_EDGE: ReadonlyMap<string, HeaderRule> = new Map([
  ['host', 'host'],
  ['connection', 'connection'],
  ['transfer-encoding', 'transfer-encoding'],
  ['content-length', 'content-length'],
  ['expect', 'expect'],
  ['upgrade', 'upgrade'],
])

/** Said by proxies in front; rebuilt by the edge, so never passed on as they came. */
const FORWARDED: ReadonlySet<string> = new Set([
  'forwarded',
  'via',
  'x-request-id',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-forwarded-proto',
])

/** Other spellings of the client's address, of the target or of the method: nobody may say these for us. */
const OVERRIDES: ReadonlySet<string> = new Set([
  'cf-connecting-ip',
  'client-ip',
  'fastly-client-ip',
  'forwarded-for',
  'front-end-https',
  // httpoxy (CVE-2016-5385): CGI makes HTTP_PROXY of it.
  'proxy',
  'true-client-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'x-forwarded',
  'x-host',
  'x-http-method',
  'x-http-method-override',
  'x-method-override',
  'x-original-forwarded-for',
  'x-original-host',
  'x-original-method',
  'x-original-uri',
  'x-original-url',
  'x-originating-ip',
  'x-proxyuser-ip',
  'x-real-ip',
  'x-remote-addr',
  'x-rewrite-url',
  'x-scheme',
  'x-url-scheme',
])

/** Names that services take for identity or mesh control; only the gateway may set them. */
const IDENTITY = [
  'dtab-local',
  'finagle-',
  'l5d-',
  'remote-user',
  'ssl-client-',
  'x-auth-',
  'x-authenticated-',
  'x-client-cert',
  'x-consumer-',
  'x-envoy-',
  'x-amzn-oidc-',
  'x-forwarded-',
  'x-ms-client-principal',
  'x-remote-',
  'x-ssl-client-',
  'x-turnpike-',
  'x-user',
  'x-webauth-',
]
// gRPC-Web's stand-in for User-Agent: the one harmless name under `x-user`.
const HARMLESS: ReadonlySet<string> = new Set(['x-user-agent'])

const SIGNS = /[^a-z0-9-]/g

/** Names kept for speed; a client that invents names only makes the memory start anew. */
const REMEMBERED = 2000

/** The rule for a name as spelled, remembered: clients send the same few names for ever. */
export function createHeaderRules(): (name: string) => HeaderRule {
  const known = new Map<string, HeaderRule>()
  return (name) => {
    let rule = known.get(name)
    if (rule === undefined) {
      rule = ruleOf(name.toLowerCase())
      if (known.size >= REMEMBERED) known.clear()
      known.set(name, rule)
    }
    return rule
  }
}

function ruleOf(lower: string): HeaderRule {
  const read = READ_BY_EDGE.get(lower)
  if (read) return read
  // CGI and WSGI turn both `-` and `_` into `_`: `X_User_Id` would be read as `X-User-Id` (CVE-2026-39858 class).
  if (isHopByHop(lower) || OVERRIDES.has(lower) || lower.includes('_')) return 'drop'
  if (FORWARDED.has(lower)) return 'forwarded'
  if (lower === 'x-gateway-attempt') return 'trusted-only'
  if (HARMLESS.has(lower)) return 'forward'
  if (IDENTITY.some((prefix) => lower.startsWith(prefix))) return 'drop'
  return isAlias(lower) ? 'drop' : 'forward'
}

// PHP makes `_` of a dot and lighttpd of every sign: `X.User.Id` would be read as `X-User-Id`.
function isAlias(lower: string): boolean {
  const plain = lower.replace(SIGNS, '-')
  return plain !== lower && ruleOf(plain) !== 'forward'
}
