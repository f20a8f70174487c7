// The contract between the engine and everything optional: what a plugin is, and what it is given.
import type { z } from 'zod'
import type { Exchange, Filter, ResponseHead } from './exchange.ts'

export { addressFilter, isAddressRange } from './address-ranges.ts'
export { CATALOGUE, type ErrorCode, GatewayError, toGatewayError } from './errors.ts'
export type * from './exchange.ts'
export { grpcTrailers, outcomeStatus } from './grpc.ts'
export { guardedLookup, isForbiddenHost } from './guarded-lookup.ts'
export {
  FieldNames,
  HeaderList,
  isFieldName,
  isFieldValue,
  isHopByHop,
  type ReadonlyHeaderList,
} from './headers.ts'
export { ipKey } from './ip-address.ts'
export { duration, origin, percent, type Rate, rate, size } from './units.ts'

/** Where a plugin's hooks run, outermost first. Order inside a stage is the order of plugins/index.ts. */
export const STAGES = ['edge', 'identity', 'policy', 'request', 'resilience'] as const
export type Stage = (typeof STAGES)[number]

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
  /** Header names that only this plugin may set for a service: taken out of every request from outside. */
  identityHeaders?(root: R): readonly string[]
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
  /** Processes that share what holds for the cluster: living nodes, times the workers of each. Changes over time. */
  nodes(): number
  /** This process's part of a total that holds for the node: all of it, unless several workers share the node. */
  ofNode(total: number): number
  /** A path in the config made absolute, relative to the file that it was written in. */
  resolvePath(path: string): string
  /** State that outlives generations while plugin, scope, settings and `key` stay the same. Closed when unused. */
  keep<T extends object>(key: string, create: () => T): T
  /** Like `keep`, for all routes of the gateway: `key` alone says what the state was made from. */
  share<T extends object>(key: string, create: () => T): T
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
  /**
   * `read` is called at collection; registering again replaces it. `merge` says how the values of several worker
   * processes become one: `sum` when left out.
   */
  gauge(
    name: string,
    description: string,
    read: () => number,
    labels?: Labels,
    merge?: 'sum' | 'max' | 'min',
  ): void
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

interface AnyCheck {
  /** Every permit is counted when it is spent: one call to a shared store each time, none is taken ahead. */
  readonly exact?: boolean
}

/** Never more than `limit` in any `windowMs`: a sliding window of sub-buckets. */
export interface WindowCheck extends AnyCheck {
  readonly kind: 'window'
  readonly key: string
  readonly limit: number
  readonly windowMs: number
}

/** GCRA: `limit` per `periodMs` on average, up to `burst` at once. */
export interface RateCheck extends AnyCheck {
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
