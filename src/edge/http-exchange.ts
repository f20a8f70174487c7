// An exchange over HTTP: the facts of one request, and the request that will go to the service.
import { GatewayError } from '../errors.ts'
import { grpcTypeOf, isNativeGrpc, readGrpcTimeout } from '../grpc.ts'
import { HeaderList, type ReadonlyHeaderList } from '../headers.ts'
import type {
  Attempt,
  CancelListener,
  ClientCertificate,
  Consumer,
  DirectResponse,
  Exchange,
  ResponseHead,
  RouteFacts,
  TraceFacts,
  Upgrade,
  UpstreamRequest,
} from '../plugin.ts'
import { type BodyFraming, ClientBody } from './client-body.ts'
import type { ClientRequest, ClientResponse } from './client-request.ts'
import { sendContinue, sendInterim } from './interim.ts'

const NO_PARAMS: Readonly<Record<string, string>> = Object.freeze(Object.create(null))
/** A service may take this long to begin its answer, unless a route has a `timeout`. */
const DEFAULT_ATTEMPT_TIMEOUT_MS = 60_000
/** A response body may be silent this long unless a route says otherwise. */
const DEFAULT_IDLE_TIMEOUT_MS = 60_000

export interface ExchangeFacts {
  readonly id: string
  readonly startedAt: number
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly path: string
  readonly query: string
  readonly clientIp: string
  readonly trusted: boolean
  readonly clientCertificate?: ClientCertificate | undefined
  /** Header pairs for the service: hygiene done, forwarded headers appended. */
  readonly upstreamPairs: string[]
  /** Why the request is refused already. */
  readonly error?: GatewayError
  /** What follows on the connection cannot be trusted. */
  readonly last?: boolean
}

export class HttpExchange implements Exchange {
  readonly id: string
  readonly startedAt: number
  readonly method: string
  readonly scheme: 'http' | 'https'
  readonly host: string
  readonly path: string
  readonly query: string
  readonly clientIp: string
  /** True when the peer is a trusted proxy. */
  readonly trusted: boolean
  readonly clientCertificate: ClientCertificate | undefined
  readonly headers: ReadonlyHeaderList
  readonly request: UpstreamRequest
  readonly grpc: string | undefined
  readonly upgrade: Upgrade | undefined
  readonly body: ClientBody
  readonly attempts: Attempt[] = []
  route: RouteFacts | undefined
  params: Readonly<Record<string, string>> = NO_PARAMS
  consumer: Consumer | undefined
  deadlineAt = Number.POSITIVE_INFINITY
  trace: TraceFacts | undefined
  status = 0
  grpcStatus: number | undefined
  error: GatewayError | undefined
  answer: DirectResponse | undefined
  /** For what goes to the client before its answer; set before the exchange is served. */
  response: ClientResponse | undefined
  /** True when these bytes, or those behind them, have no single meaning: the connection is not used again. */
  readonly malformed: boolean
  /** True when the connection has served enough. */
  closes = false
  cancelled: GatewayError | undefined
  #abort: AbortController | undefined
  #canBeTaken: () => boolean = never
  readonly #cancelListeners: CancelListener[] = []

  constructor(raw: ClientRequest, framing: BodyFraming, facts: ExchangeFacts) {
    this.id = facts.id
    this.startedAt = facts.startedAt
    this.method = raw.method
    this.scheme = facts.scheme
    this.host = facts.host
    this.path = facts.path
    this.query = facts.query
    this.clientIp = facts.clientIp
    this.trusted = facts.trusted
    this.clientCertificate = facts.clientCertificate
    this.error = facts.error
    this.malformed = facts.last === true
    this.upgrade = raw.upgrade ? { protocol: 'websocket', limits: undefined } : undefined
    this.headers = new HeaderList(raw.rawHeaders)
    this.body = new ClientBody(raw, framing)
    if (framing.expectsContinue) this.body.onWanted = () => sendContinue(this.response)
    this.request = {
      exchange: this,
      method: this.method,
      path: facts.path + facts.query,
      headers: new HeaderList(facts.upstreamPairs),
      body: this.body,
      attemptTimeoutMs: DEFAULT_ATTEMPT_TIMEOUT_MS,
      idleTimeoutMs: DEFAULT_IDLE_TIMEOUT_MS,
    }
    // gRPC is always POST: no other request is looked at.
    this.grpc = this.method === 'POST' ? grpcTypeOf(this.headers.get('content-type')) : undefined
  }

  /** A call of gRPC that the service can take: it lasts for as long as it says, and its body comes when it comes. */
  get isCall(): boolean {
    return this.#canBeTaken()
  }

  get signal(): AbortSignal {
    this.#abort ??= this.#startAbort()
    return this.#abort.signal
  }

  /** The client's deadline is the exchange's; an attempt may take all of it where gRPC is spoken on both sides. */
  takeCall(serviceSpeaksHttp2: () => boolean): void {
    // Asked again as it goes on: what a service speaks over TLS is known once it has been connected to.
    if (!isNativeGrpc(this.grpc) || this.response?.req.httpVersion === '2.0')
      this.#canBeTaken = serviceSpeaksHttp2
    const ms = readGrpcTimeout(this.headers.get('grpc-timeout'))
    if (ms === undefined) return
    this.deadlineAt = this.startedAt + ms
    if (this.isCall) this.request.attemptTimeoutMs = Number.POSITIVE_INFINITY
  }

  respond(response: DirectResponse): void {
    this.answer = response
  }

  onCancel(listener: CancelListener): void {
    this.#cancelListeners.push(listener)
  }

  offCancel(listener: CancelListener): void {
    const at = this.#cancelListeners.indexOf(listener)
    if (at >= 0) this.#cancelListeners.splice(at, 1)
  }

  inform(head: ResponseHead): void {
    if (this.response) sendInterim(this.response, head)
  }

  /** The client went away: whatever is under way for it stops. */
  cancel(reason: GatewayError): void {
    if (this.cancelled) return
    this.cancelled = reason
    this.error ??= reason
    for (const listener of this.#cancelListeners.splice(0)) tellCancelled(listener, reason)
    this.#abort?.abort(reason)
  }

  #startAbort(): AbortController {
    const controller = new AbortController()
    if (this.cancelled) controller.abort(this.cancelled)
    return controller
  }
}

// One that throws keeps no other from hearing it, such as what is under way to a service; it reaches the last net.
function tellCancelled(listener: CancelListener, reason: GatewayError): void {
  try {
    listener(reason)
  } catch (thrown) {
    queueMicrotask(() => {
      throw thrown
    })
  }
}

export function clientClosed(): GatewayError {
  return new GatewayError('CLIENT_CLOSED')
}

function never(): boolean {
  return false
}
