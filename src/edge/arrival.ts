// A raw request becomes an exchange, or is refused because it has no single meaning.
import { GatewayError, toGatewayError } from '../errors.ts'
import type { Clock } from '../plugin.ts'
import { createRandomIds } from '../random-ids.ts'
import { type Authority, createAuthorityParser } from './authority.ts'
import type { BodyWatch } from './body-watch.ts'
import type { TrustedProxies } from './client-address.ts'
import type { BodyFraming, ClientBody } from './client-body.ts'
import { CERTIFICATE_FIELD, certificateField } from './client-certificate.ts'
import type { ClientLimits } from './client-limits.ts'
import type { ClientRequest } from './client-request.ts'
import { type Connection, connectionOf } from './connection.ts'
import { appendForwarded, requestIdOf, saidByProxies, schemeOf } from './forwarded.ts'
import { HttpExchange } from './http-exchange.ts'
import { SERVER_WIDE, takeOptions } from './options-request.ts'
import type { RequestHead } from './request-head.ts'
import { parseRequestTarget, type RequestTarget } from './request-target.ts'
import { waitingCall } from './waiting-call.ts'
import { assertHandshake } from './web-socket-handshake.ts'

const ID_BYTES = 16

export interface ArrivalOptions {
  readonly clock: Clock
  readonly limits: Pick<ClientLimits, 'urlBytes' | 'requestsPerConnection' | 'requestTimeoutMs'>
  /** Looks after bodies that are waited for. */
  readonly bodies: BodyWatch
  /** Read for each request: a reload may change it. */
  proxies(): TrustedProxies
}

/** Never throws: a request that is refused at the door is an exchange with an `error`. */
export function createArrival(options: ArrivalOptions): (raw: ClientRequest, target: string) => HttpExchange {
  const authorityOf = createAuthorityParser()
  const watchBody = (body: ClientBody) => options.bodies.watch(body)
  return function arrive(raw, target) {
    try {
      return admit(raw, target, { options, authorityOf, watchBody })
    } catch (thrown) {
      return refused(raw, target, { options, error: toGatewayError(thrown) })
    }
  }
}

interface Door {
  readonly options: ArrivalOptions
  readonly authorityOf: (text: string) => Authority
  readonly watchBody: (body: ClientBody) => void
}

function admit(raw: ClientRequest, target: string, { options, authorityOf, watchBody }: Door): HttpExchange {
  assertVersion(raw)
  assertMethod(raw)
  const connection = connectionOf(raw.socket)
  const { peer } = connection
  const { requestsPerConnection } = options.limits
  const { head } = raw
  if (head.chunked && raw.httpVersionMinor === 0) throw new GatewayError('BAD_REQUEST')
  if (raw.upgrade) assertHandshake(raw)
  const parsed = targetOf(raw, target, options.limits.urlBytes)
  const authority = authorityOf(head.host)
  assertSameAuthority(parsed, authority)
  assertServerName(connection, authority)
  const said = saidByProxies(head.forwarded)
  const client = options.proxies().resolve(peer, said.all('x-forwarded-for'))
  const id = requestIdOf(said, client.trusted) ?? createRequestId()
  const scheme = schemeOf({ said, trusted: client.trusted, scheme: connection.scheme })
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
  const { clientCertificate } = connection
  if (clientCertificate) upstreamPairs.push(CERTIFICATE_FIELD, certificateField(clientCertificate))
  const exchange = new HttpExchange(raw, framingOf(raw, head), {
    id,
    startedAt: options.clock.now(),
    scheme,
    host: authority.host,
    path: parsed.path,
    query: parsed.query,
    clientIp: client.ip,
    trusted: client.trusted,
    clientCertificate,
    upstreamPairs,
  })
  if (raw.method === 'OPTIONS') takeOptions(exchange)
  if (requestsPerConnection !== undefined) exchange.closes = ++connection.requests >= requestsPerConnection
  if (exchange.body.present) exchange.body.onOpened = raw.http2 ? inTime(exchange, options) : watchBody
  return exchange
}

function inTime(exchange: HttpExchange, { bodies, limits }: ArrivalOptions) {
  return (body: ClientBody) => {
    const dueAt = exchange.startedAt + limits.requestTimeoutMs
    if (exchange.isCall) bodies.watchCall(waitingCall(exchange), dueAt)
    else bodies.watch(body, dueAt)
  }
}

function targetOf(raw: ClientRequest, target: string, maxBytes: number): RequestTarget {
  if (target !== SERVER_WIDE || raw.method !== 'OPTIONS') return parseRequestTarget(target, maxBytes)
  return { path: SERVER_WIDE, query: '', authority: undefined }
}

// HTTP/2 frames a body without any field; one that came with the head has ended already.
function framingOf(raw: ClientRequest, head: RequestHead): BodyFraming {
  if (raw.http2 === undefined) return head
  return { ...head, chunked: raw.http2.hasBody && head.contentLength === undefined }
}

interface Refusal {
  readonly options: ArrivalOptions
  readonly error: GatewayError
}

function refused(raw: ClientRequest, target: string, { options, error }: Refusal): HttpExchange {
  const connection = connectionOf(raw.socket)
  // Its body is never read, so its framing does not matter; over HTTP/1 the connection is closed after the answer.
  return new HttpExchange(
    raw,
    { contentLength: undefined, chunked: false },
    {
      id: createRequestId(),
      startedAt: options.clock.now(),
      scheme: connection.scheme,
      // As sent: for the log alone, nothing is matched or forwarded.
      host: raw.headers.host ?? '',
      path: target.split('?', 1)[0]!,
      query: '',
      clientIp: connection.peer,
      trusted: false,
      upstreamPairs: [],
      error,
      last: raw.http2 === undefined,
    },
  )
}

const ids = createRandomIds()

/** 128 random bits in hex. */
export const createRequestId = (): string => ids.hex(ID_BYTES)

function assertVersion(raw: ClientRequest): void {
  if (raw.httpVersionMajor === 1 && raw.httpVersionMinor <= 1) return
  if (raw.http2 === undefined) throw new GatewayError('VERSION_NOT_SUPPORTED')
  if (raw.http2.fault) throw raw.http2.fault
}

// TRACE would send the client's credentials back to whoever asked (RFC 9110 section 9.3.8).
function assertMethod(raw: ClientRequest): void {
  if (raw.method === 'TRACE' || raw.method === 'CONNECT') throw new GatewayError('METHOD_NOT_SUPPORTED')
}

// Whoever was let in under one name must not be served under another: its certificate, and whom it asks for one, may
// be a matter of the name. RFC 9110 section 15.5.20: the client may ask again on another connection.
function assertServerName({ serverName }: Connection, authority: Authority): void {
  if (serverName === undefined || serverName === authority.host) return
  throw new GatewayError('MISDIRECTED_REQUEST')
}

// RFC 9112 section 3.2.2: the absolute form wins over Host; when they differ somebody is confused, so refuse.
function assertSameAuthority(target: RequestTarget, authority: Authority): void {
  if (target.authority === undefined) return
  if (target.authority.toLowerCase() !== authority.text.toLowerCase()) throw new GatewayError('INVALID_HOST')
}
