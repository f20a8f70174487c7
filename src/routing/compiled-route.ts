// One route made ready for matching, and how routes that share host and path are ordered and tried.
import { ANY_HOST, type HostPattern, hostText } from './host-pattern.ts'
import { type PathPattern, parsePathPattern } from './path-pattern.ts'
import type { MatchRequest, NamedValue, RoutePattern } from './route-pattern.ts'

export interface CompiledRoute<R extends RoutePattern = RoutePattern> {
  readonly route: R
  readonly hosts: readonly HostPattern[]
  readonly path: PathPattern
  /** The methods as stated, and HEAD where GET is; `[]` any. */
  readonly methods: readonly string[]
  /** Names in lower case. */
  readonly headers: readonly NamedValue[]
  readonly query: readonly NamedValue[]
}

/** Throws a PatternError for a host or path that is none. */
export function compileRoute<R extends RoutePattern>(
  route: R,
  parseHost: (host: string) => HostPattern,
): CompiledRoute<R> {
  return {
    route,
    hosts: route.hosts.length === 0 ? [ANY_HOST] : distinct(route.hosts.map(parseHost)),
    path: parsePathPattern(route.path),
    methods: withHead(route.methods),
    headers: route.headers.map(({ name, value }) => ({ name: name.toLowerCase(), value })),
    query: route.query,
  }
}

/** Negative when `a` is tried first among routes of one host and path. */
export function compareRoutes(a: CompiledRoute, b: CompiledRoute): number {
  return comparePrecedence(a, b) || Number(statesHead(b)) - Number(statesHead(a))
}

/** As the Gateway API orders them: a method stated, more headers, more query parameters. 0 is a tie. */
export function comparePrecedence(a: CompiledRoute, b: CompiledRoute): number {
  return (
    Number(b.methods.length > 0) - Number(a.methods.length > 0) ||
    b.headers.length - a.headers.length ||
    b.query.length - a.query.length
  )
}

export function takesMethod(compiled: CompiledRoute, method: string): boolean {
  return compiled.methods.length === 0 || compiled.methods.includes(method)
}

/** The first header predicate that does not hold. */
export function failedHeader(compiled: CompiledRoute, request: MatchRequest): NamedValue | undefined {
  return compiled.headers.find(({ name, value }) => headerValue(request, name) !== value)
}

/** The first query predicate that does not hold. The first parameter of a name counts. */
export function failedQuery(compiled: CompiledRoute, query: URLSearchParams): NamedValue | undefined {
  return compiled.query.find(({ name, value }) => query.get(name) !== value)
}

// RFC 9110 section 5.3: several lines are one value, joined by commas; so two values of one name exclude each other.
function headerValue(request: MatchRequest, name: string): string | undefined {
  const values = request.headers.all(name)
  return values.length > 1 ? values.join(', ') : values[0]
}

function distinct(hosts: readonly HostPattern[]): readonly HostPattern[] {
  const names = hosts.map(hostText)
  return hosts.filter((_, at) => names.indexOf(names[at]!) === at)
}

function withHead(methods: readonly string[]): readonly string[] {
  return methods.includes('GET') && !methods.includes('HEAD') ? [...methods, 'HEAD'] : methods
}

// An explicit HEAD route goes before a GET route that would answer HEAD as well.
function statesHead(compiled: CompiledRoute): boolean {
  return compiled.route.methods.includes('HEAD')
}
