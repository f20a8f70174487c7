// A raw request becomes an exchange, or is refused because it has no single meaning.
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { GatewayError, toGatewayError } from '../errors.ts'
import { normalizeIp } from '../ip-address.ts'
import type { Clock } from '../plugin.ts'
import { type Authority, createAuthorityParser } from './authority.ts'
import type { TrustedProxies } from './client-address.ts'
import { appendForwarded, requestIdOf, saidByProxies, schemeOf } from './forwarded.ts'
import { HttpExchange } from './http-exchange.ts'
import { mayLosePipelined } from './ignored-upgrade.ts'
import { SERVER_WIDE, takeOptions } from './options-request.ts'
import { readRequestHead } from './request-head.ts'
import { parseRequestTarget, type RequestTarget } from './request-target.ts'
import { assertHandshake, isUpgrade } from './web-socket-handshake.ts'

const ID_BYTES = 16

export interface ArrivalOptions {
  readonly clock: Clock
  /** Read for each request: a reload may change it. */
  proxies(): TrustedProxies
}

/** Never throws: a request that is refused at the door is an exchange with an `error`. */
export function createArrival(
  options: ArrivalOptions,
): (raw: IncomingMessage, target: string) => HttpExchange {
  const authorityOf = createAuthorityParser()
  return function arrive(raw, target) {
    try {
      return admit(raw, target, { options, authorityOf })
    } catch (thrown) {
      return refused(raw, target, { options, error: toGatewayError(thrown) })
    }
  }
}

interface Door {
  readonly options: ArrivalOptions
  readonly authorityOf: (text: string) => Authority
}

function admit(raw: IncomingMessage, target: string, { options, authorityOf }: Door): HttpExchange {
  assertVersion(raw)
  assertMethod(raw)
  const head = readRequestHead(raw.rawHeaders)
  if (head.chunked && raw.httpVersionMinor === 0) throw new GatewayError('BAD_REQUEST')
  if (isUpgrade(raw)) assertHandshake(raw, head)
  const parsed = targetOf(raw, target)
  const authority = authorityOf(head.host)
  assertSameAuthority(parsed, authority)
  const peer = raw.socket.remoteAddress ?? ''
  const said = saidByProxies(head.forwarded)
  const client = options.proxies().resolve(peer, said.all('x-forwarded-for'))
  const id = requestIdOf(said, client.trusted) ?? createRequestId()
  const scheme = schemeOf({ said, trusted: client.trusted, scheme: 'http' })
  // Host first, as nearly every client sends it.
  const upstreamPairs = ['Host', authority.text, ...head.forward]
  appendForwarded(upstreamPairs, {
    peer: client.trusted ? peer : client.ip,
    trusted: client.trusted,
    scheme,
    host: authority.text,
    said,
    requestId: id,
  })
  const exchange = new HttpExchange(raw, head, {
    id,
    startedAt: options.clock.now(),
    scheme,
    host: authority.host,
    path: parsed.path,
    query: parsed.query,
    clientIp: client.ip,
    trusted: client.trusted,
    upstreamPairs,
    last: head.upgrade && !isUpgrade(raw) && mayLosePipelined(raw, head),
  })
  if (raw.method === 'OPTIONS') takeOptions(exchange)
  return exchange
}

function targetOf(raw: IncomingMessage, target: string): RequestTarget {
  if (target !== SERVER_WIDE || raw.method !== 'OPTIONS') return parseRequestTarget(target)
  return { path: SERVER_WIDE, query: '', authority: undefined }
}

interface Refusal {
  readonly options: ArrivalOptions
  readonly error: GatewayError
}

function refused(raw: IncomingMessage, target: string, { options, error }: Refusal): HttpExchange {
  // Its body is never read, so its framing does not matter; the connection is closed after the answer.
  return new HttpExchange(
    raw,
    { contentLength: undefined, chunked: false },
    {
      id: createRequestId(),
      startedAt: options.clock.now(),
      scheme: 'http',
      // As sent: for the log alone, nothing is matched or forwarded.
      host: raw.headers.host ?? '',
      path: target.split('?', 1)[0]!,
      query: '',
      clientIp: normalizeIp(raw.socket.remoteAddress ?? '') ?? '',
      trusted: false,
      upstreamPairs: [],
      error,
    },
  )
}

/** 128 random bits in hex; drawn in blocks, as one call for each request costs ten times as much. */
export const createRequestId: () => string = (() => {
  let block = Buffer.alloc(0)
  let at = 0
  return () => {
    if (at + ID_BYTES > block.length) {
      block = randomBytes(ID_BYTES * 256)
      at = 0
    }
    at += ID_BYTES
    return block.toString('hex', at - ID_BYTES, at)
  }
})()

function assertVersion(raw: IncomingMessage): void {
  if (raw.httpVersionMajor === 1 && raw.httpVersionMinor <= 1) return
  throw new GatewayError('VERSION_NOT_SUPPORTED')
}

// TRACE would send the client's credentials back to whoever asked (RFC 9110 section 9.3.8).
function assertMethod(raw: IncomingMessage): void {
  if (raw.method === 'TRACE' || raw.method === 'CONNECT') throw new GatewayError('METHOD_NOT_SUPPORTED')
}

// RFC 9112 section 3.2.2: the absolute form wins over Host; when they differ somebody is confused, so refuse.
function assertSameAuthority(target: RequestTarget, authority: Authority): void {
  if (target.authority === undefined) return
  if (target.authority.toLowerCase() !== authority.text.toLowerCase()) throw new GatewayError('INVALID_HOST')
}
