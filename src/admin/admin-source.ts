// What the admin API shows and can set off; the assembly provides it.

export interface AdminSource {
  generation(): GenerationFacts
  routes(): Iterable<RouteView>
  services(): Iterable<ServiceView> | Promise<Iterable<ServiceView>>
  /** Empty in a gateway of one process. */
  workers(): Iterable<WorkerView>
  /** Loads the configuration again, as SIGHUP does: what the files say after it was asked. */
  reload(): Promise<ReloadResult>
}

export interface GenerationFacts {
  readonly number: number
  readonly hash: string
  /** Milliseconds since 1970 at which it began to serve. */
  readonly since: number
  readonly file: string
}

export interface RouteView {
  readonly id: string
  readonly service: string
  readonly pattern: string
  /** Empty: every host. */
  readonly hosts: readonly string[]
  /** Empty: every method. */
  readonly methods: readonly string[]
  readonly headers: readonly FieldView[]
  readonly query: readonly FieldView[]
  /** What the route does by itself, as configured. */
  readonly rewrite?: object | undefined
  readonly redirect?: object | undefined
  readonly respond?: object | undefined
  /** Names of the plugins in its chain, outermost first. */
  readonly plugins: readonly string[]
}

/** A header or query parameter that must have this value. */
export interface FieldView {
  readonly name: string
  readonly value: string
}

export interface ServiceView {
  readonly name: string
  readonly targets: readonly TargetView[]
}

export interface TargetView {
  readonly url: string
  readonly healthy: boolean
  readonly inFlight: number
  /** Undefined: not measured yet. */
  readonly ewmaMs: number | undefined
  /** Milliseconds since 1970; undefined: not ejected. */
  readonly ejectedUntil: number | undefined
}

export interface WorkerView {
  readonly slot: number
  readonly pid: number | undefined
  readonly state: string
  /** That it serves; 0: none yet. */
  readonly generation: number
  /** Milliseconds since 1970. */
  readonly startedAt: number
  /** How often the place was filled. */
  readonly starts: number
  /** How the one before ended. */
  readonly lastExit: string | undefined
}

export type ReloadResult =
  | { readonly outcome: 'applied' | 'unchanged'; readonly generation: number; readonly hash: string }
  | { readonly outcome: 'refused'; readonly faults: readonly ReloadFault[] }

export interface ReloadFault {
  /** `file:line:column`. */
  readonly origin: string
  readonly message: string
  readonly hint?: string | undefined
}
