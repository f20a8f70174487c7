// The headers by which a service learns who asked: built by the gateway, continued only from trusted proxies.
import { GatewayError } from '../errors.ts'
import { HeaderList, type ReadonlyHeaderList } from '../headers.ts'
import { normalizeIp } from '../ip-address.ts'

/** How often a request may have passed a Turnpike already: more is a loop (RFC 9110 section 7.6.3). */
const MAX_PASSES = 5
const PSEUDONYM = 'turnpike'
const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/

export interface ForwardedFacts {
  readonly peer: string
  readonly trusted: boolean
  readonly scheme: 'http' | 'https'
  /** Host as sent. */
  readonly host: string
  /** What proxies in front said; only used when trusted. */
  readonly said: ReadonlyHeaderList
  readonly requestId: string
}

/** Throws LOOP_DETECTED. */
export function appendForwarded(pairs: string[], facts: ForwardedFacts): void {
  const { said, trusted, peer } = facts
  const chain = trusted ? [...readableHops(said), peer].join(', ') : peer
  pairs.push('X-Forwarded-For', chain)
  pairs.push('X-Forwarded-Proto', schemeOf(facts))
  pairs.push('X-Forwarded-Host', (trusted && said.get('x-forwarded-host')) || facts.host)
  pairs.push('Via', viaOf(said))
  pairs.push('X-Request-Id', facts.requestId)
  if (!trusted) return
  const forwarded = said.all('forwarded')
  if (forwarded.length > 0) pairs.push('Forwarded', [...forwarded, forwardedElement(facts)].join(', '))
  const attempt = said.get('x-gateway-attempt')
  if (attempt !== undefined) pairs.push('X-Gateway-Attempt', attempt)
}

// What is no address was written by who knows whom; nobody behind the gateway shall take it for one.
function readableHops(said: ReadonlyHeaderList): readonly string[] {
  const hops = said.all('x-forwarded-for').flatMap((field) => field.split(','))
  return hops.map((hop) => hop.trim()).filter((hop) => normalizeIp(hop) !== undefined)
}

/** The scheme that the client used: a trusted proxy's word, else the listener's. */
export function schemeOf(facts: Pick<ForwardedFacts, 'trusted' | 'said' | 'scheme'>): 'http' | 'https' {
  const said = facts.trusted ? facts.said.get('x-forwarded-proto')?.toLowerCase() : undefined
  return said === 'https' || said === 'http' ? said : facts.scheme
}

/** A trusted proxy's request id when it is harmless, else undefined. */
export function requestIdOf(said: ReadonlyHeaderList, trusted: boolean): string | undefined {
  const id = trusted ? said.get('x-request-id') : undefined
  return id !== undefined && REQUEST_ID.test(id) ? id : undefined
}

export function saidByProxies(pairs: readonly string[]): ReadonlyHeaderList {
  return new HeaderList(pairs as string[])
}

// Via is taken from anybody: it can only make the gateway refuse a request, never trust one.
function viaOf(said: ReadonlyHeaderList): string {
  const before = said.all('via')
  if (before.length === 0) return `1.1 ${PSEUDONYM}`
  const chain = before.join(', ')
  if (chain.split(PSEUDONYM).length - 1 >= MAX_PASSES) throw new GatewayError('LOOP_DETECTED')
  return `${chain}, 1.1 ${PSEUDONYM}`
}

// RFC 7239 section 6: an IPv6 address is quoted and in brackets.
function forwardedElement({ peer, host, scheme }: ForwardedFacts): string {
  const node = peer.includes(':') ? `"[${peer}]"` : peer
  return `for=${node};host="${host}";proto=${scheme}`
}
