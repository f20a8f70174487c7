// Why a route won and others lost, in words: for `turnpike explain`. Looks at every route.
import {
  type CompiledRoute,
  compareRoutes,
  failedHeader,
  failedQuery,
  takesMethod,
} from './compiled-route.ts'
import { ANY_HOST, compareHosts, type HostPattern, hostMatches, hostText } from './host-pattern.ts'
import { comparePaths, pathMatches, segmentMatches } from './path-pattern.ts'
import type { Candidate, MatchRequest, NamedValue, RoutePattern } from './route-pattern.ts'

/** How many routes of another host or path are shown when nothing matched. */
const NEAR_LIMIT = 10

interface Outcome<R> {
  readonly won: R | undefined
  /** The request's method, or the one that a preflight asks about. */
  readonly method: string
}

interface Judged<R extends RoutePattern> {
  readonly compiled: CompiledRoute<R>
  readonly host: HostPattern | undefined
  readonly path: boolean
  /** What else does not hold, first reason only. */
  readonly failure: string | undefined
}

export function explainCandidates<R extends RoutePattern>(
  routes: readonly CompiledRoute<R>[],
  request: MatchRequest,
  { won, method }: Outcome<R>,
): readonly Candidate<R>[] {
  const asked = { request, method, query: new URLSearchParams(request.query) }
  const judged = routes.map((compiled) => judge(compiled, asked))
  const considered = judged.filter(({ host, path }) => host && path).sort(compareJudged)
  const winner = considered.find(({ compiled }) => compiled.route === won)
  const candidates = considered.map((one) => candidate(one, winner))
  return winner ? candidates : [...candidates, ...nearRoutes(judged, request)]
}

interface Asked {
  readonly request: MatchRequest
  readonly method: string
  readonly query: URLSearchParams
}

function judge<R extends RoutePattern>(compiled: CompiledRoute<R>, asked: Asked): Judged<R> {
  const { host, path } = asked.request
  return {
    compiled,
    host: compiled.hosts.filter((pattern) => hostMatches(pattern, host)).sort(compareHosts)[0],
    path: pathMatches(compiled.path, path),
    failure: failureOf(compiled, asked),
  }
}

function failureOf(compiled: CompiledRoute, { request, method, query }: Asked): string | undefined {
  if (!takesMethod(compiled, method)) {
    return `method ${method} is not ${compiled.route.methods.join(' or ')}`
  }
  const header = failedHeader(compiled, request)
  if (header) return `header ${expected(header)}`
  const parameter = failedQuery(compiled, query)
  return parameter && `query parameter ${expected(parameter)}`
}

function expected({ name, value }: NamedValue): string {
  return `${name} is not ${JSON.stringify(value)}`
}

function candidate<R extends RoutePattern>(one: Judged<R>, winner: Judged<R> | undefined): Candidate<R> {
  const { route } = one.compiled
  if (one === winner) return { route, outcome: 'won', why: 'the most specific of those that match' }
  return { route, outcome: 'lost', why: one.failure ?? lessSpecific(one, winner!) }
}

function lessSpecific(one: Judged<RoutePattern>, winner: Judged<RoutePattern>): string {
  if (compareHosts(winner.host!, one.host!) !== 0) return 'less specific host'
  if (comparePaths(winner.compiled.path, one.compiled.path) !== 0) return 'less specific path'
  if (winner.compiled.methods.length > 0 && one.compiled.methods.length === 0) return 'states no method'
  if (winner.compiled.headers.length !== one.compiled.headers.length) return 'fewer header predicates'
  if (winner.compiled.query.length !== one.compiled.query.length) return 'fewer query predicates'
  return 'equally specific'
}

/** Routes that miss by host or by path alone, those with the most segments in common first; else any there are. */
function nearRoutes<R extends RoutePattern>(
  judged: readonly Judged<R>[],
  request: MatchRequest,
): Candidate<R>[] {
  const missed = judged
    .filter(({ host, path }) => !host || !path)
    .map((one) => ({ one, common: one.path ? 0 : commonSegments(one.compiled, request.path) }))
  const near = missed.filter(({ one, common }) => (one.host ? common > 0 : one.path))
  const isStrange = near.length === 0 && missed.length === judged.length
  return (isStrange ? missed : near)
    .sort((a, b) => misses(a.one) - misses(b.one) || b.common - a.common || compareJudged(a.one, b.one))
    .slice(0, NEAR_LIMIT)
    .map(({ one }) => ({ route: one.compiled.route, outcome: 'lost', why: missOf(one, request) }))
}

function misses({ host, path }: Judged<RoutePattern>): number {
  return host || path ? 1 : 2
}

function missOf({ host, compiled }: Judged<RoutePattern>, request: MatchRequest): string {
  if (host) return `path ${request.path} is not ${compiled.route.path}`
  return `host ${request.host} is not ${compiled.hosts.map(hostText).join(' or ')}`
}

function commonSegments({ path }: CompiledRoute, requested: string): number {
  const texts = requested.slice(1).split('/')
  const differs = path.segments.findIndex((segment, at) => !segmentMatches(segment, texts[at] ?? ''))
  return differs < 0 ? path.segments.length : differs
}

function compareJudged(a: Judged<RoutePattern>, b: Judged<RoutePattern>): number {
  return (
    compareHosts(a.host ?? ANY_HOST, b.host ?? ANY_HOST) ||
    comparePaths(a.compiled.path, b.compiled.path) ||
    compareRoutes(a.compiled, b.compiled)
  )
}
