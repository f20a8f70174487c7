// The recorders of all routes and services that serve, and the end of those that no longer do.
import type { Clock, Labels, RouteFacts } from '../plugin.ts'
import type { AccessLog } from './access-log.ts'
import type { MetricRegistry } from './metric-registry.ts'
import { OutcomeRecorder, type RouteRecorder } from './route-recorder.ts'
import { ServiceRecorder } from './service-recorder.ts'

/** What the serving configuration consists of. */
export interface ServingNames {
  /** Route ids: `orders.read`. */
  readonly routes: ReadonlySet<string>
  readonly services: ReadonlySet<string>
}

export interface UpstreamState {
  readonly service: string
  /** As in `Attempt.target`. */
  readonly target: string
  readonly up: boolean
}

export class Recorders {
  readonly unmatched: RouteRecorder
  readonly #registry: MetricRegistry
  readonly #clock: Clock
  readonly #accessLog: ((route: RouteFacts | undefined) => AccessLog) | undefined
  readonly #services = new Map<string, ServiceRecorder>()

  constructor(
    registry: MetricRegistry,
    clock: Clock,
    accessLog: ((route: RouteFacts | undefined) => AccessLog) | undefined,
  ) {
    this.#registry = registry
    this.#clock = clock
    this.#accessLog = accessLog
    this.unmatched = this.#recorder(undefined)
  }

  route(facts: RouteFacts): RouteRecorder {
    return this.#recorder(facts)
  }

  retain(serving: ServingNames): void {
    this.#registry.retain((labels) => isServing(labels, serving))
    for (const service of this.#services.keys()) {
      if (!serving.services.has(service)) this.#services.delete(service)
    }
  }

  /** The targets as they are now; the series of targets that are gone end here. */
  upstreams(states: Iterable<UpstreamState>): (readonly [Labels, number])[] {
    const all = [...states]
    const targets = Map.groupBy(all, ({ service }) => service)
    for (const [service, recorder] of this.#services) {
      const names = new Set(targets.get(service)?.map(({ target }) => target))
      recorder.prune((target) => names.has(target))
    }
    return all.map(({ service, target, up }) => [{ service, target }, up ? 1 : 0] as const)
  }

  #recorder(route: RouteFacts | undefined): RouteRecorder {
    return new OutcomeRecorder(route, {
      registry: this.#registry,
      clock: this.#clock,
      accessLog: this.#accessLog?.(route),
      service: route && this.#service(route.service),
    })
  }

  #service(name: string): ServiceRecorder {
    const known = this.#services.get(name)
    if (known) return known
    const made = new ServiceRecorder(name, this.#registry, this.#clock)
    this.#services.set(name, made)
    return made
  }
}

/** A plugin's `scope` label is a route's id or a service's name, whoever shares the state. */
function isServing({ route, service, scope }: Labels, { routes, services }: ServingNames): boolean {
  if (route !== undefined && !routes.has(route)) return false
  if (service !== undefined && !services.has(service)) return false
  return scope === undefined || routes.has(scope) || services.has(scope)
}
