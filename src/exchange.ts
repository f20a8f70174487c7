// One client request being served, and the two halves of its way: what goes to the service and what comes back.
/// <reference types="node" preserve="true" />
import type { Duplex, Readable } from 'node:stream'
import type { GatewayError } from './errors.ts'
import type { HeaderList, ReadonlyHeaderList } from './headers.ts'

/** Sends one request to a service and promises its response: resolves at the head, rejects with a GatewayError. */
export type Call = (request: UpstreamRequest) => Promise<UpstreamResponse>

/** Wraps a `Call` (Finagle's service and filter). A retry is a filter that calls `next` again. */
export type Filter = (next: Call) => Call

/** One client request being served, with its facts. */
export interface Exchange {
  /** The request id; also sent to the service and back to the client. */
  readonly id: string
  /** Monotonic milliseconds (`Clock.now`). */
  readonly startedAt: number
  readonly method: string
  readonly scheme: 'http' | 'https'
  /** Lower case, without the port. */
  readonly host: string
  /** The canonical path, without the query: matched, authorised and forwarded as this very string. */
  readonly path: string
  /** The raw query with its `?`, or ''. Never parsed or changed. */
  readonly query: string
  /** The client's address, from trusted proxies only. */
  readonly clientIp: string
  /** What the client has shown in the TLS handshake, when the listener asks for it and trusts its issuer. */
  readonly clientCertificate?: ClientCertificate | undefined
  /** As the client sent them. */
  readonly headers: ReadonlyHeaderList
  readonly route: RouteFacts | undefined
  /** The values of `:name` segments, decoded. */
  readonly params: Readonly<Record<string, string>>
  /** Set by an identity plugin. */
  consumer: Consumer | undefined
  /** Monotonic milliseconds by which everything must have ended; Infinity without a deadline. Only ever lowered. */
  deadlineAt: number
  readonly trace: TraceFacts | undefined
  /** Every call to a target so far, oldest first. */
  readonly attempts: Attempt[]
  /** What will be sent to the service; headers and path may be changed by `onRequest`. */
  readonly request: UpstreamRequest
  /** The status sent to the client, 0 before. */
  readonly status: number
  /** The gateway's own failure, if that was the answer. */
  readonly error: GatewayError | undefined
  /** The media type of a call of gRPC or gRPC-Web (`application/grpc+proto`); undefined for any other request. */
  readonly grpc: string | undefined
  /** What a call of gRPC came to, 0 to 16; known at its end. */
  readonly grpcStatus: number | undefined
  /** The client asks to leave HTTP for another protocol; undefined for an ordinary request. */
  readonly upgrade: Upgrade | undefined
  /** Why nothing more is to be started: the client went away. */
  readonly cancelled: GatewayError | undefined
  /** Calls back once, when the client goes away. To be taken back by `offCancel` as soon as it no longer matters. */
  onCancel(listener: CancelListener): void
  offCancel(listener: CancelListener): void
  /** Aborted with a GatewayError when the client went away. Made on first use: `onCancel` costs a tenth. */
  readonly signal: AbortSignal
  /** Answers from the gateway itself; the rest of the chain and the service are not reached. */
  respond(response: DirectResponse): void
  /** Passes an informational response (`103 Early Hints`) on to a client that can take it. */
  inform(head: ResponseHead): void
}

export type CancelListener = (reason: GatewayError) => void

/** A wish for WebSocket (RFC 6455): its handshake is well-formed, nothing has been answered yet. */
export interface Upgrade {
  readonly protocol: 'websocket'
  /** Set by the plugin that lets it through; while undefined the service is not asked. */
  limits: TunnelLimits | undefined
}

/** Bounds of a connection that has left HTTP. */
export interface TunnelLimits {
  /** How long it may be silent in both directions. */
  readonly idleMs: number
  readonly lifetimeMs: number
  /** Of one message in either direction, as it is on the wire. */
  readonly messageBytes: number
  /** It ends with `Consumer.expiresAt` too. */
  readonly untilExpiry: boolean
}

export interface RouteFacts {
  /** `orders.read`: the service's and the route's name. */
  readonly id: string
  readonly service: string
  /** The pattern as written, for metrics and traces: `/orders/*`. */
  readonly pattern: string
}

/** Of a client that an authority of the listener has issued one for. */
export interface ClientCertificate {
  /** `CN=orders, O=Example`. */
  readonly subject: string
  /** SHA-256 of the whole certificate in lower-case hex. */
  readonly fingerprint: string
  /** Subject alternative names: `spiffe://example.com/orders`. */
  readonly uris: readonly string[]
  readonly dnsNames: readonly string[]
}

/** Who the exchange was authenticated as. */
export interface Consumer {
  readonly id: string
  readonly tier: string | undefined
  readonly scopes: readonly string[]
  readonly claims: Readonly<Record<string, unknown>>
  /** Milliseconds since 1970 when that is no longer good which it was recognised by; left out: it has no end. */
  readonly expiresAt?: number | undefined
}

/** W3C trace context of the exchange: lower-case hex ids. */
export interface TraceFacts {
  readonly traceId: string
  readonly spanId: string
  readonly sampled: boolean
}

/** One call to one target. */
export interface Attempt {
  readonly target: string
  readonly startedAt: number
  /** Milliseconds until the response head or the failure. */
  readonly durationMs: number
  /** The response status, or 0 when there was none. */
  readonly status: number
  readonly error: GatewayError | undefined
}

/** A request on its way to a service. The same object may be sent again by a retry. */
export interface UpstreamRequest {
  readonly exchange: Exchange
  method: string
  /** Path and query as sent; always starts with one slash. */
  path: string
  readonly headers: HeaderList
  readonly body: RequestBody
  /** Milliseconds for one attempt to deliver a response head; Infinity: only the deadline counts. */
  attemptTimeoutMs: number
  /** Milliseconds that a response body may be silent. */
  idleTimeoutMs: number
}

/** The client's body: read once from the client, kept for another attempt only when asked to. */
export interface RequestBody {
  /** False when the request has no body. */
  readonly present: boolean
  /** Declared length in bytes; undefined when chunked. */
  readonly length: number | undefined
  /** True while the whole body can be sent again: nothing was read yet, or all that was read is kept. */
  readonly replayable: boolean
  /** True while more is to come and it is the client that is waited for, not the service. */
  readonly awaitsClient: boolean
  /** True while the client sends nothing because it waits to be asked (`Expect: 100-continue`): reading asks it. */
  readonly awaitsContinue: boolean
  /** Keep up to `bytes` of what is read, so that the body can be sent again. */
  retain(bytes: number): void
  /** Refuse with BODY_TOO_LARGE as soon as more than `bytes` have arrived. The smallest limit counts. */
  limit(bytes: number): void
  /** The body from its first byte. Throws when it is not replayable and was opened before. */
  open(): BodyStream
}

export interface BodyStream extends Readable {
  /** When trailers may come: what came of them, as flat pairs, once the body has ended. */
  readonly trailers?: (() => readonly string[]) | undefined
}

export interface ResponseHead {
  status: number
  readonly headers: HeaderList
}

export interface UpstreamResponse extends ResponseHead {
  readonly body: ResponseBody
  /** With a status of 101: the connection to the service, paused, which now speaks the other protocol. */
  readonly tunnel?: Duplex
}

/** A service's response body. Someone must `stream` or `discard` it. */
export interface ResponseBody {
  /** All of it, when it has arrived already; it can then be sent in one write with the head. */
  readonly complete: readonly Buffer[] | undefined
  /** Delivers what has arrived and what will arrive, in order. */
  stream(sink: BodySink): void
  /** Lets the service go on after a `write` that returned false. */
  resume(): void
  /** Drops the body; the connection is closed unless all of it has arrived. */
  discard(): void
  /** Called once, when the body has ended, failed or was discarded; at once if it has already. */
  onEnd(listener: (failure: GatewayError | undefined) => void): void
}

export interface BodySink {
  /** True: nothing refers to what was written, and its memory may be used again. Left out: nobody knows. */
  readonly isTaken?: boolean
  /** False: the sink is full, `resume()` will be called. */
  write(chunk: Buffer): boolean
  /** Trailers as flat pairs. */
  end(trailers: readonly string[]): void
  fail(failure: GatewayError): void
}

/** An answer of the gateway itself. */
export interface DirectResponse {
  readonly status: number
  readonly headers?: HeaderList
  readonly body?: string | Buffer
}
