// The route table: hosts, then paths, then what else a route asks for. Work does not grow with the number of routes.
import { atOnce, type Steps } from '../pace.ts'
import { type CompiledRoute, compareRoutes, compileRoute, takesMethod } from './compiled-route.ts'
import { explainCandidates } from './explain.ts'
import { compareHosts, type HostPattern, hostParser } from './host-pattern.ts'
import { addToHost, createHostTable, findInHosts, type HostTable } from './host-table.ts'
import { comparePaths } from './path-pattern.ts'
import { MethodCollector, RouteFinder } from './route-finder.ts'
import { readParams } from './route-params.ts'
import type { Candidate, Match, MatchRequest, RoutePattern, StepCount } from './route-pattern.ts'

export interface RouteTable<R extends RoutePattern> {
  match(request: MatchRequest, steps?: StepCount): Match<R>
  /** Every route that was considered or came near, most specific first. Looks at all routes: for people. */
  candidates(request: MatchRequest): readonly Candidate<R>[]
  /** All routes, most specific first. */
  routes(): readonly R[]
}

const NONE = Object.freeze({ kind: 'none' as const })

/** Throws a PatternError for a host or path that is none. Conflicts are `findConflicts`' to report. */
export function createRouteTable<R extends RoutePattern>(routes: readonly R[]): RouteTable<R> {
  return atOnce(buildRouteTable(routes))
}

/** The same with rests between the routes. */
export function* buildRouteTable<R extends RoutePattern>(routes: readonly R[]): Steps<RouteTable<R>> {
  const table = new IndexedRoutes<R>()
  const parseHost = hostParser()
  for (const route of routes) {
    table.add(compileRoute(route, parseHost))
    yield
  }
  return table
}

class IndexedRoutes<R extends RoutePattern> implements RouteTable<R> {
  readonly #hosts: HostTable<CompiledRoute<R>> = createHostTable()
  readonly #compiled: CompiledRoute<R>[] = []

  add(compiled: CompiledRoute<R>): void {
    this.#compiled.push(compiled)
    for (const host of compiled.hosts) {
      addToHost(this.#hosts, { host, path: compiled.path }, { value: compiled, compare: compareRoutes })
    }
  }

  match(request: MatchRequest, steps?: StepCount): Match<R> {
    const finder = new RouteFinder<R>(request, request.method)
    const found = findInHosts(this.#hosts, request, finder)
    const result = this.#answer(request, found)
    if (steps) steps.count += finder.steps
    return result
  }

  candidates(request: MatchRequest): readonly Candidate<R>[] {
    const match = this.match(request)
    const won = match.kind === 'route' ? match.route : undefined
    const asPreflight = match.kind === 'route' && match.preflightAllow !== undefined
    const method = asPreflight ? preflightMethod(request)! : request.method
    return explainCandidates(this.#compiled, request, { won, method })
  }

  routes(): readonly R[] {
    return this.#compiled.toSorted(compareForListing).map((compiled) => compiled.route)
  }

  #answer(request: MatchRequest, found: CompiledRoute<R> | undefined): Match<R> {
    const asked = preflightMethod(request)
    if (asked !== undefined && !found?.methods.includes('OPTIONS')) {
      // The browser asks about another method: the route that would take it must answer, not a catch-all.
      const target = findInHosts(this.#hosts, request, new RouteFinder<R>(request, asked))
      if (target) return this.#matched(request, target)
    }
    return found ? this.#matched(request, found) : this.#missed(request)
  }

  #matched(request: MatchRequest, found: CompiledRoute<R>): Match<R> {
    return {
      kind: 'route',
      route: found.route,
      params: readParams(found.path, request.path),
      preflightAllow: takesMethod(found, request.method) ? undefined : this.#methodsFor(request).allow(),
    }
  }

  #missed(request: MatchRequest): Match<R> {
    const methods = this.#methodsFor(request)
    // Where the method is known, a header or query parameter is what was missing: no 405 for that.
    if (methods.any || methods.names.size === 0 || methods.names.has(request.method)) return NONE
    return { kind: 'method', allow: methods.allow() }
  }

  #methodsFor(request: MatchRequest): MethodCollector<R> {
    const collector = new MethodCollector<R>()
    findInHosts(this.#hosts, request, collector)
    return collector
  }
}

// Fetch standard, CORS protocol: a preflight is OPTIONS with both of these headers.
function preflightMethod({ method, headers }: MatchRequest): string | undefined {
  if (method !== 'OPTIONS' || !headers.has('origin')) return undefined
  return headers.get('access-control-request-method')
}

function compareForListing(a: CompiledRoute, b: CompiledRoute): number {
  const [hostA, hostB] = [mostSpecificHost(a), mostSpecificHost(b)]
  return (
    compareHosts(hostA, hostB) ||
    compareText(hostA.name, hostB.name) ||
    comparePaths(a.path, b.path) ||
    compareText(a.route.path, b.route.path) ||
    compareRoutes(a, b) ||
    compareText(a.route.id, b.route.id)
  )
}

function mostSpecificHost(compiled: CompiledRoute): HostPattern {
  return compiled.hosts.toSorted(compareHosts)[0]!
}

function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
