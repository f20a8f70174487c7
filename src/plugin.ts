// The contract between the engine and everything optional: what a plugin is, and what it is given.
import type { Readable } from 'node:stream'
import type { z } from 'zod'
import type { GatewayError } from './errors.ts'
import type { HeaderList, ReadonlyHeaderList } from './headers.ts'

export { CATALOGUE, type ErrorCode, GatewayError, toGatewayError } from './errors.ts'
export { HeaderList, isFieldName, isFieldValue, type ReadonlyHeaderList } from './headers.ts'
export { duration, percent, type Rate, rate, size } from './units.ts'

/** Where a plugin's hooks run, outermost first. Order inside a stage is the order of plugins/index.ts. */
export type Stage = 'edge' | 'identity' | 'policy' | 'request' | 'resilience'

/** A named policy that a route switches on: a definition, no state. */
export interface Plugin<S = unknown, R = unknown> {
  /** The key that switches it on in the config: `rateLimit`, `auth`, `retry`. */
  readonly name: string
  readonly stage: Stage
  /** One sentence for the generated docs. */
  readonly summary: string
  /** One schema: type, validation, JSON Schema, docs. */
  readonly settings: z.ZodType<S>
  /** Keys at the root of the config file that belong to this plugin (`auth`, `consumers`). */
  readonly root?: z.ZodType<R>
  /** `nearest` (default): the nearest level wins whole. `add`: every level counts, see `PluginContext.layers`. */
  readonly layering?: 'nearest' | 'add'
  /** The word that must be written to switch it off, where `false` would be too easy to write (`none`). */
  readonly off?: string
  /** True when every route must say something about this plugin, given the root keys. Needs `off`. */
  required?(root: R): boolean
  /** Faults that a schema cannot see: unknown names, contradictions. Runs at check time, once per route. */
  check?(settings: S, facts: CheckFacts<R>): readonly Fault[]
  /** Once per route, when a generation is built. A throw refuses the generation. */
  create(settings: S, context: PluginContext<S, R>): Hooks | readonly PlacedHooks[]
}

/** What `check` may know about the route. */
export interface CheckFacts<R = unknown> {
  readonly root: R
  /** True when a plugin of the stage `identity` is on for this route. */
  readonly identifies: boolean
}

/** A fault inside a plugin's settings. */
export interface Fault {
  /** Relative to the settings: `['use']`, `[0, 'by']`, or `[]` for the whole value. */
  readonly path: readonly (string | number)[]
  /** What is wrong, without the path: `no auth provider named "crop"`. */
  readonly message: string
  /** What to do: `defined: corp`. */
  readonly hint?: string
}

/** What a plugin becomes for one route. A synchronous hook stays synchronous. */
export interface Hooks {
  /** Outermost first. To refuse: throw a GatewayError. To answer: `exchange.respond(...)`. */
  onRequest?(exchange: Exchange): void | Promise<void>
  /** Around the call to the service. */
  upstream?: Filter
  /** Innermost first, for every plugin whose `onRequest` was reached: the head, before it is sent. */
  onResponse?(exchange: Exchange, response: ResponseHead): void | Promise<void>
  /** Innermost first; the client has its answer. Must not throw. */
  onFinish?(exchange: Exchange): void
  /** When the generation is retired and its last exchange has ended. */
  close?(): Promise<void>
}

/** Hooks at another stage than the plugin's own: a cheap shield before identity, the rest after it. */
export interface PlacedHooks extends Hooks {
  readonly stage: Stage
}

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
  /** Aborted with a GatewayError when the client went away. Made on first use. */
  readonly signal: AbortSignal
  /** Answers from the gateway itself; the rest of the chain and the service are not reached. */
  respond(response: DirectResponse): void
}

export interface RouteFacts {
  /** `orders.read`: the service's and the route's name. */
  readonly id: string
  readonly service: string
  /** The pattern as written, for metrics and traces: `/orders/*`. */
  readonly pattern: string
}

/** Who the exchange was authenticated as. */
export interface Consumer {
  readonly id: string
  readonly tier: string | undefined
  readonly scopes: readonly string[]
  readonly claims: Readonly<Record<string, unknown>>
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
  /** Keep up to `bytes` of what is read, so that the body can be sent again. */
  retain(bytes: number): void
  /** Refuse with BODY_TOO_LARGE as soon as more than `bytes` have arrived. The smallest limit counts. */
  limit(bytes: number): void
  /** The body from its first byte. Throws when it is not replayable and was opened before. */
  open(): Readable
}

export interface ResponseHead {
  status: number
  readonly headers: HeaderList
}

export interface UpstreamResponse extends ResponseHead {
  readonly body: ResponseBody
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

export interface PluginContext<S = unknown, R = unknown> {
  /** The route's id: `orders.read`. */
  readonly route: string
  readonly service: string
  /** Every level that set this plugin, outermost first; with layering `nearest` just the one that won. */
  readonly layers: readonly Layer<S>[]
  /** `orders.read` when set on the route, else `orders`: who shares state such as a breaker. */
  readonly scope: string
  readonly root: R
  readonly logger: Logger
  readonly meter: Meter
  /** Limits and counters: shared through Redis, or this node's memory when no Redis is configured. */
  readonly store: Store
  /** This node's memory, whatever `store` is: the fallback when the store is down. */
  readonly localStore: Store
  readonly clock: Clock
  /** [0, 1), for jitter. */
  random(): number
  /** Living nodes of the cluster, at least 1. Changes over time. */
  nodes(): number
  /** A path in the config made absolute, relative to the file that it was written in. */
  resolvePath(path: string): string
  /** State that outlives generations while plugin, scope, settings and `key` stay the same. Closed when unused. */
  keep<T extends object>(key: string, create: () => T): T
}

export interface Layer<S = unknown> {
  readonly level: 'defaults' | 'service' | 'route'
  readonly settings: S
  /** `file:line`, for messages. */
  readonly origin: string
}

export interface Logger {
  debug(facts: object, message: string): void
  info(facts: object, message: string): void
  warn(facts: object, message: string): void
  error(facts: object, message: string): void
}

/** Bounded names and values only: never a raw path, host or consumer. */
export type Labels = Readonly<Record<string, string>>

/** The same name and labels give the same instrument. Names are `<noun>_<measure>`, prefixed by the engine. */
export interface Meter {
  counter(name: string, description: string, labels?: Labels): Counter
  /** `read` is called at collection; registering again replaces it. */
  gauge(name: string, description: string, read: () => number, labels?: Labels): void
}

export interface Counter {
  add(amount?: number): void
}

/** Wall and monotonic time and timers; injected, so that tests need no sleep. */
export interface Clock {
  /** Monotonic milliseconds, fractional. */
  now(): number
  /** Milliseconds since 1970. */
  epochMs(): number
  /** Runs once after `ms`, unless cancelled. Does not keep the process alive. */
  after(ms: number, run: () => void): Timer
}

export interface Timer {
  cancel(): void
}

/** Atomic limits. In memory it answers at once, through Redis with a promise. */
export interface Store {
  /** True when all nodes see the same numbers. */
  readonly shared: boolean
  /** All checks count, or none. Rejects with STORE_UNAVAILABLE, within the command timeout. */
  take(checks: readonly LimitCheck[], cost?: number): LimitVerdict | Promise<LimitVerdict>
}

export type LimitCheck = WindowCheck | RateCheck

/** Never more than `limit` in any `windowMs`: a sliding window of sub-buckets. */
export interface WindowCheck {
  readonly kind: 'window'
  readonly key: string
  readonly limit: number
  readonly windowMs: number
}

/** GCRA: `limit` per `periodMs` on average, up to `burst` at once. */
export interface RateCheck {
  readonly kind: 'rate'
  readonly key: string
  readonly limit: number
  readonly periodMs: number
  readonly burst: number
}

export interface LimitVerdict {
  readonly allowed: boolean
  /** In the order of the checks. */
  readonly states: readonly LimitState[]
}

export interface LimitState {
  readonly allowed: boolean
  /** What is left now. */
  readonly remaining: number
  /** Milliseconds until the limit is whole again. */
  readonly resetMs: number
  /** Milliseconds until this cost could be taken; 0 when allowed. */
  readonly retryAfterMs: number
}
