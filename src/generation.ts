// One immutable, compiled configuration: route table, services, chains. Swapped whole, closed when unused.
import { type Chain, compileChain } from './chain/chain.ts'
import type { Configuration, RouteConfiguration, ServiceConfiguration } from './config/configuration.ts'
import { TrustedProxies } from './edge/client-address.ts'
import { GatewayError } from './errors.ts'
import { FieldNames } from './headers.ts'
import type { Steps } from './pace.ts'
import type { RouteFacts } from './plugin.ts'
import { createRouteHooks, type HookEnvironment } from './route-hooks.ts'
import type { RoutePattern } from './routing/route-pattern.ts'
import { buildRouteTable, createRouteTable, type RouteTable } from './routing/route-table.ts'
import { compileListenerRules, type ListenerRules } from './tcp/listener-rules.ts'
import type { RouteRecorder } from './telemetry/route-recorder.ts'
import type { Service } from './upstream/service.ts'
import type { AnyService, ServicePool } from './upstream/service-pool.ts'
import { within } from './waiting.ts'

/** A route, ready to serve. */
export interface CompiledRoute extends RoutePattern {
  /** Takes a path in which a slash is escaped. */
  readonly encodedSlashes: boolean
  readonly facts: RouteFacts
  readonly chain: Chain
  /** See `Service`. */
  readonly speaksHttp2: () => boolean
  readonly recorder: RouteRecorder
}

export interface GenerationEnvironment extends HookEnvironment {
  readonly services: ServicePool
  /** Binds a route's metrics and log fields. */
  record(facts: RouteFacts): RouteRecorder
}

/** A plugin that takes longer to close is not waited for: it must not keep the process from its end. */
const CLOSE_LIMIT_MS = 5000

export class Generation {
  readonly number: number
  readonly configuration: Configuration
  readonly proxies: TrustedProxies
  /** Of the listeners for TCP and TLS passthrough, by name. */
  readonly tcpListeners: ReadonlyMap<string, ListenerRules>
  /** Header names that only plugins may set for a service. */
  readonly identityHeaders: FieldNames
  readonly #environment: GenerationEnvironment
  readonly #services = new Map<string, AnyService>()
  readonly #routes: CompiledRoute[] = []
  readonly #held: ServiceConfiguration[] = []
  /** Of kept state, which outlives this: it must not lead back to the routes. */
  readonly #holder = {}
  #table = createRouteTable<CompiledRoute>([])
  readonly #onClosed = Promise.withResolvers<void>()
  #inFlight = 0
  #retired = false

  /** Throws what a plugin's `create` or a TLS key throws; nothing is kept then. */
  static *build(
    number: number,
    configuration: Configuration,
    environment: GenerationEnvironment,
  ): Steps<Generation> {
    const generation = new Generation(number, configuration, environment)
    try {
      yield* generation.#fill()
      return generation
    } catch (thrown) {
      generation.#close()
      throw thrown
    }
  }

  private constructor(number: number, configuration: Configuration, environment: GenerationEnvironment) {
    this.number = number
    this.configuration = configuration
    this.#environment = environment
    this.proxies = new TrustedProxies(configuration.trustProxy)
    this.tcpListeners = tcpRules(configuration, environment)
    this.identityHeaders = new FieldNames(
      configuration.plugins.flatMap(
        ({ name, identityHeaders }) => identityHeaders?.(configuration.root.get(name)) ?? [],
      ),
    )
  }

  get services(): ReadonlyMap<string, AnyService> {
    return this.#services
  }

  get table(): RouteTable<CompiledRoute> {
    return this.#table
  }

  get inFlight(): number {
    return this.#inFlight
  }

  enter(): void {
    this.#inFlight++
  }

  leave(): void {
    this.#inFlight--
    if (this.#retired && this.#inFlight === 0) this.#close()
  }

  /**
   * Another generation serves from now on. Resolves when the last exchange has ended and all is closed; never rejects.
   */
  retire(): Promise<void> {
    this.#retired = true
    if (this.#inFlight === 0) this.#close()
    return this.#onClosed.promise
  }

  // One by one: when a later one is refused, what was made before it is closed.
  *#fill(): Steps<void> {
    for (const [name, settings] of this.configuration.services) {
      this.#services.set(name, this.#environment.services.hold(settings))
      this.#held.push(settings)
      yield
    }
    for (const route of this.configuration.routes) {
      this.#routes.push(this.#compile(route))
      yield
    }
    this.#table = yield* buildRouteTable(this.#routes)
  }

  #compile(route: RouteConfiguration): CompiledRoute {
    const facts = { id: route.id, service: route.service, pattern: route.path }
    const owner = { holder: this.#holder, root: this.configuration.root }
    const hooks = createRouteHooks(route, this.#environment, owner)
    const service = this.services.get(route.service)
    const { call, speaksHttp2 } = service && 'call' in service ? service : NO_SERVICE
    return {
      id: route.id,
      hosts: route.hosts,
      path: route.path,
      methods: route.methods,
      headers: route.headers,
      query: route.query,
      origin: route.origin,
      encodedSlashes: route.encodedSlashes === 'allow',
      facts,
      chain: compileChain(hooks, call),
      speaksHttp2,
      recorder: this.#environment.record(facts),
    }
  }

  #close(): void {
    void this.#closePlugins()
      .then(() => this.#closeServices())
      .then(() => this.#onClosed.resolve())
  }

  async #closePlugins(): Promise<void> {
    const { states, clock } = this.#environment
    const chains = this.#routes.flatMap(({ chain }) => (chain.close ? [chain.close()] : []))
    try {
      const inTime = await within(
        CLOSE_LIMIT_MS,
        clock,
        Promise.all([...chains, states.release(this.#holder)]),
      )
      if (!inTime) throw new Error('it takes too long')
    } catch (thrown) {
      this.#note(thrown, 'a plugin failed to close')
    }
  }

  async #closeServices(): Promise<void> {
    const { services } = this.#environment
    const releases = await Promise.allSettled(this.#held.map((settings) => services.release(settings)))
    for (const release of releases) {
      if (release.status === 'rejected') this.#note(release.reason, 'a service failed to close')
    }
  }

  #note(error: unknown, message: string): void {
    this.#environment.logger.error({ error, generation: this.number }, message)
  }
}

const NO_SERVICE: Pick<Service, 'call' | 'speaksHttp2'> = {
  call: () => Promise.reject(new GatewayError('NO_HEALTHY_TARGET')),
  speaksHttp2: () => false,
}

function tcpRules({ listeners }: Configuration, { ofNode }: GenerationEnvironment) {
  const rules = new Map<string, ListenerRules>()
  for (const listener of listeners) {
    if (!('services' in listener)) continue
    const limits = { max: ofNode(listener.limits.max), perAddress: ofNode(listener.limits.perAddress) }
    rules.set(listener.name, compileListenerRules({ ...listener, limits }))
  }
  return rules
}
