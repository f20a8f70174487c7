// Routes of which file order alone would decide the winner, and routes that no request can reach.
import type { Steps } from '../pace.ts'
import { type CompiledRoute, comparePrecedence, compileRoute } from './compiled-route.ts'
import { type HostPattern, hostParser, hostText } from './host-pattern.ts'
import { pathShape } from './path-pattern.ts'
import type { NamedValue, RoutePattern } from './route-pattern.ts'

export interface RouteConflict {
  readonly first: string
  readonly second: string
  /**
   * `ambiguous`: some requests match both, nothing ranks one before the other, and no third route takes them.
   * `shadowed`: `second` takes any method, but routes ranked before it take each one that clients use.
   */
  readonly reason: 'ambiguous' | 'shadowed'
  readonly message: string
}

/** Routes that share one host and one path shape: only these can conflict. */
interface Group {
  readonly host: HostPattern
  readonly routes: CompiledRoute[]
}

const USUAL_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']

/** Each route against the first that it conflicts with. Throws a PatternError. */
export function* findConflicts(routes: readonly RoutePattern[]): Steps<readonly RouteConflict[]> {
  const parseHost = hostParser()
  const grouped = new Map<string, Group>()
  for (const route of routes) {
    addToGroups(grouped, compileRoute(route, parseHost))
    yield
  }
  const groups = [...grouped.values()].filter((group) => group.routes.length > 1)
  return [...groups.flatMap(ambiguous).filter(firstOfPair()), ...shadowed(groups)]
}

function addToGroups(groups: Map<string, Group>, route: CompiledRoute): void {
  const shape = pathShape(route.path)
  for (const host of route.hosts) {
    const key = `${hostText(host)} ${shape}`
    const group = groups.get(key)
    if (group) group.routes.push(route)
    else groups.set(key, { host, routes: [route] })
  }
}

function ambiguous(group: Group): RouteConflict[] {
  return group.routes.flatMap((second, at) => {
    const first = group.routes.find((other, index) => index < at && tie(other, second, group))
    return first ? [ambiguity(first, second, group.host)] : []
  })
}

function tie(a: CompiledRoute, b: CompiledRoute, group: Group): boolean {
  if (comparePrecedence(a, b) !== 0) return false
  const methods = commonMethods(a, b)
  if (methods === undefined || exclusive(a.headers, b.headers) || exclusive(a.query, b.query)) return false
  return !group.routes.some((third) => settles(third, { a, b, methods }))
}

/** The methods that both state; `[]` when both take any, undefined when they share none. */
function commonMethods(a: CompiledRoute, b: CompiledRoute): readonly string[] | undefined {
  // As stated: HEAD that is implied by GET gives way to a route that states it.
  const [stated, others] = [a.route.methods, b.route.methods]
  if (stated.length === 0 && others.length === 0) return []
  const common = stated.filter((method) => others.includes(method))
  return common.length > 0 ? common : undefined
}

/** True when one name must have two values: then no request matches both. */
function exclusive(a: readonly NamedValue[], b: readonly NamedValue[]): boolean {
  return a.some(({ name, value }) => b.some((other) => other.name === name && other.value !== value))
}

interface Tie {
  readonly a: CompiledRoute
  readonly b: CompiledRoute
  readonly methods: readonly string[]
}

/** True when a route ranked before both takes every request that both would take. */
function settles(third: CompiledRoute, { a, b, methods }: Tie): boolean {
  if (comparePrecedence(third, a) >= 0) return false
  const takesAll = methods.length === 0 ? third.methods.length === 0 : includesAll(third, methods)
  return (
    takesAll &&
    implied(third.headers, [...a.headers, ...b.headers]) &&
    implied(third.query, [...a.query, ...b.query])
  )
}

function includesAll(route: CompiledRoute, methods: readonly string[]): boolean {
  return methods.every((method) => route.methods.includes(method))
}

/** True when whoever has all of `given` has all of `wanted` too. */
function implied(wanted: readonly NamedValue[], given: readonly NamedValue[]): boolean {
  return wanted.every(({ name, value }) =>
    given.some((other) => other.name === name && other.value === value),
  )
}

function shadowed(groups: readonly Group[]): RouteConflict[] {
  const hostsLost = new Map<CompiledRoute, number>()
  return groups.flatMap((group) =>
    group.routes.flatMap((route) => {
      const cover = coverOf(route, group)
      if (!cover) return []
      const lost = (hostsLost.get(route) ?? 0) + 1
      hostsLost.set(route, lost)
      // Reachable through another of its hosts, it is no mistake.
      return lost === route.hosts.length ? [shadow(cover, route, group.host)] : []
    }),
  )
}

/** The first of the routes that together take every usual method of a route that states none. */
function coverOf(route: CompiledRoute, group: Group): CompiledRoute | undefined {
  if (route.methods.length > 0) return undefined
  const before = group.routes.filter(
    (other) =>
      other.methods.length > 0 && implied(other.headers, route.headers) && implied(other.query, route.query),
  )
  const covered = USUAL_METHODS.every((method) => before.some((other) => other.methods.includes(method)))
  return covered ? before[0] : undefined
}

function ambiguity(first: CompiledRoute, second: CompiledRoute, host: HostPattern): RouteConflict {
  return {
    first: first.route.id,
    second: second.route.id,
    reason: 'ambiguous',
    message:
      `${named(first)} and ${named(second)} match the same requests to ${where(second, host)} and none is more ` +
      'specific: change the host, path or methods of one, or give one a header or query predicate more',
  }
}

function shadow(first: CompiledRoute, second: CompiledRoute, host: HostPattern): RouteConflict {
  return {
    first: first.route.id,
    second: second.route.id,
    reason: 'shadowed',
    message:
      `${named(second)} can never win: ${named(first)} and the other routes for ${where(second, host)} ` +
      'state every method; remove it, or take methods from them',
  }
}

function named({ route }: CompiledRoute): string {
  return `${route.id} (${route.origin})`
}

function where({ route }: CompiledRoute, host: HostPattern): string {
  const methods = route.methods.length === 0 ? '' : `${route.methods.join('|')} `
  return `${methods}${host.kind === 'any' ? '' : hostText(host)}${route.path}`
}

/** A pair that conflicts on several hosts is told once. */
function firstOfPair(): (conflict: RouteConflict) => boolean {
  const seen = new Set<string>()
  return ({ first, second }) => {
    const pair = JSON.stringify([first, second])
    const fresh = !seen.has(pair)
    seen.add(pair)
    return fresh
  }
}
