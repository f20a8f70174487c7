// The closed catalogue of everything the gateway may answer by itself, and the one error type that carries it.

/** Who is to blame: the client's request, the gateway itself, or the service behind it. */
export type ErrorSource = 'client' | 'gateway' | 'upstream'

export interface ErrorEntry {
  readonly status: number
  readonly source: ErrorSource
  /** Whether the same request may succeed if the client sends it again later. */
  readonly retryable: boolean
  readonly title: string
}

const entry = (status: number, source: ErrorSource, retryable: boolean, title: string): ErrorEntry => ({
  status,
  source,
  retryable,
  title,
})

/** Code -> what the client sees. The code is also the `cause` of the access log and the label of the metric. */
export const CATALOGUE = {
  BAD_REQUEST: entry(400, 'client', false, 'The request is not valid HTTP'),
  INVALID_HOST: entry(400, 'client', false, 'The request needs exactly one valid Host'),
  INVALID_PATH: entry(400, 'client', false, 'The path has more than one meaning'),
  UNAUTHENTICATED: entry(401, 'client', false, 'Valid credentials are required'),
  INSUFFICIENT_SCOPE: entry(403, 'client', false, 'The credentials do not allow this'),
  ADDRESS_FORBIDDEN: entry(403, 'client', false, 'This client address is not allowed'),
  ORIGIN_FORBIDDEN: entry(403, 'client', false, 'Pages of this origin may not open a WebSocket here'),
  WEBSOCKET_FORBIDDEN: entry(403, 'client', false, 'This route takes no WebSocket connections'),
  ROUTE_NOT_FOUND: entry(404, 'client', false, 'No route matches this host and path'),
  METHOD_NOT_ALLOWED: entry(405, 'client', false, 'The path exists, but not for this method'),
  REQUEST_TIMEOUT: entry(408, 'client', true, 'The request took too long to arrive'),
  BODY_TOO_LARGE: entry(413, 'client', false, 'The request body is too large'),
  URI_TOO_LONG: entry(414, 'client', false, 'The request target is too long'),
  EXPECTATION_FAILED: entry(417, 'client', false, 'The Expect header cannot be met'),
  MISDIRECTED_REQUEST: entry(421, 'client', true, 'This connection was opened for another host'),
  WEBSOCKET_VERSION_NOT_SUPPORTED: entry(426, 'client', false, 'The WebSocket version is not supported'),
  RATE_LIMITED: entry(429, 'client', true, 'Too many requests'),
  HEADERS_TOO_LARGE: entry(431, 'client', false, 'The request headers are too large'),
  CLIENT_CLOSED: entry(499, 'client', true, 'The client went away before the answer'),
  METHOD_NOT_SUPPORTED: entry(501, 'client', false, 'The gateway does not support this method'),
  TRANSFER_CODING_NOT_SUPPORTED: entry(501, 'client', false, 'The transfer coding is not supported'),
  VERSION_NOT_SUPPORTED: entry(505, 'client', false, 'The HTTP version is not supported'),
  LOOP_DETECTED: entry(508, 'client', false, 'The request has passed this gateway before'),
  INTERNAL_ERROR: entry(500, 'gateway', true, 'The gateway failed to handle the request'),
  OVERLOADED: entry(503, 'gateway', true, 'The gateway is at its limit'),
  CONCURRENCY_LIMITED: entry(503, 'gateway', true, 'Too many requests are in flight'),
  CIRCUIT_OPEN: entry(503, 'gateway', true, 'The service is failing and is given a rest'),
  STORE_UNAVAILABLE: entry(503, 'gateway', true, 'A limit could not be checked'),
  IDENTITY_UNAVAILABLE: entry(503, 'gateway', true, 'Credentials cannot be checked at the moment'),
  NO_HEALTHY_TARGET: entry(503, 'upstream', true, 'No target of the service is available'),
  UPSTREAM_QUEUE_FULL: entry(503, 'upstream', true, 'Too many requests wait for the service'),
  UPSTREAM_UNREACHABLE: entry(502, 'upstream', true, 'The service cannot be reached'),
  UPSTREAM_TLS_FAILED: entry(502, 'upstream', true, 'The service could not prove its identity'),
  UPSTREAM_RESET: entry(502, 'upstream', true, 'The service broke the connection'),
  UPSTREAM_INVALID_RESPONSE: entry(502, 'upstream', true, 'The service sent an invalid response'),
  UPSTREAM_CONNECT_TIMEOUT: entry(504, 'upstream', true, 'The service did not accept a connection in time'),
  UPSTREAM_TIMEOUT: entry(504, 'upstream', true, 'The service did not answer in time'),
} as const satisfies Record<string, ErrorEntry>

export type ErrorCode = keyof typeof CATALOGUE

export interface ErrorOptions {
  /** One safe sentence for the client: what to do. Never an internal address or a library's message. */
  readonly detail?: string
  /** The foreign error, for the log only. */
  readonly cause?: unknown
  /** Extra response headers as flat name, value pairs (`WWW-Authenticate`, `Allow`, `Retry-After` ...). */
  readonly headers?: readonly string[]
  /** Extra members of the problem document (RFC 9457 section 3.2). */
  readonly members?: Readonly<Record<string, unknown>>
  /** The service certainly did not process the request: any method may be sent again (retry class U). */
  readonly unprocessed?: boolean
}

/** An answer that the gateway gives itself. Decisions look at `code` and `unprocessed`, never at a message. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: ErrorCode
  readonly status: number
  readonly source: ErrorSource
  readonly retryable: boolean
  readonly title: string
  readonly detail: string | undefined
  readonly headers: readonly string[]
  readonly members: Readonly<Record<string, unknown>> | undefined
  readonly unprocessed: boolean

  constructor(code: ErrorCode, options: ErrorOptions = {}) {
    const known = CATALOGUE[code]
    // A refusal is an expected outcome at full load: a stack per 401 or 429 would cost more than the answer.
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(options.detail ?? known.title, options.cause === undefined ? undefined : { cause: options.cause })
    Error.stackTraceLimit = limit
    this.code = code
    this.status = known.status
    this.source = known.source
    this.retryable = known.retryable
    this.title = known.title
    this.detail = options.detail
    this.headers = options.headers ?? []
    this.members = options.members
    this.unprocessed = options.unprocessed ?? false
  }
}

/** What was thrown, as a GatewayError: itself, or `INTERNAL_ERROR` with the foreign error as its cause. */
export function toGatewayError(thrown: unknown): GatewayError {
  return thrown instanceof GatewayError ? thrown : new GatewayError('INTERNAL_ERROR', { cause: thrown })
}
