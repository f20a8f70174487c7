// The route table against the rules written down a second time, as a plain search through all routes.
import { describe, expect, it } from 'vitest'
import { HeaderList } from '../../../src/headers.ts'
import { atOnce } from '../../../src/pace.ts'
import { findConflicts } from '../../../src/routing/conflicts.ts'
import type { MatchRequest, RoutePattern } from '../../../src/routing/route-pattern.ts'
import { createRouteTable } from '../../../src/routing/route-table.ts'
import { fc, runs } from '../../support/property.ts'

const HOSTS = ['a.test', 'b.a.test', 'c.b.a.test', 'other.test']
const HOST_PATTERNS = ['a.test', '*.a.test', '*.b.a.test', '*.test', 'b.a.test']
const METHODS = ['GET', 'POST', 'HEAD', 'OPTIONS']

const segment = fc.constantFrom('x', 'y', ':p', ':q')
const path = fc
  .tuple(fc.uniqueArray(segment, { maxLength: 3 }), fc.constantFrom('', '/*', '/'))
  .map(([segments, end]) => `/${segments.join('/')}${end}`.replace('//', '/'))
const predicate = (name: string) => fc.constantFrom([], [{ name, value: '1' }], [{ name, value: '2' }])
const pattern = fc.record({
  hosts: fc.uniqueArray(fc.constantFrom(...HOST_PATTERNS), { maxLength: 2 }),
  path,
  methods: fc.uniqueArray(fc.constantFrom(...METHODS), { maxLength: 2 }),
  headers: predicate('x-h'),
  query: predicate('q'),
})
const routes = fc
  .array(pattern, { maxLength: 12 })
  .map((all) => all.map((one, at) => ({ ...one, id: `r${at}`, origin: `f:${at}` })))
const asked = fc
  .record({
    host: fc.constantFrom(...HOSTS),
    path: fc.array(fc.constantFrom('x', 'y', 'z', ''), { minLength: 1, maxLength: 4 }),
    method: fc.constantFrom(...METHODS),
    header: fc.constantFrom('0', '1', '2'),
    query: fc.constantFrom('', '?q=1', '?q=2', '?q=1&q=2'),
  })
  .map(({ header, ...rest }) => ({
    ...rest,
    path: `/${rest.path.join('/')}`,
    headers: new HeaderList(['X-H', header]),
  }))

describe('the route table', () => {
  it('finds what a search through all routes finds', () => {
    fc.assert(
      fc.property(routes, asked, (all, one) => {
        fc.pre(atOnce(findConflicts(all)).length === 0)
        const found = createRouteTable(all).match(one)
        expect(found.kind === 'route' ? found.route.id : undefined).toBe(searchAll(all, one)?.id)
      }),
      { numRuns: runs(2000) },
    )
  })

  it('answers the same in whichever order routes without conflicts are written', () => {
    fc.assert(
      fc.property(routes, asked, fc.nat(), (all, one, turn) => {
        fc.pre(atOnce(findConflicts(all)).length === 0)
        const at = all.length === 0 ? 0 : turn % all.length
        const turned = [...all.slice(at), ...all.slice(0, at)].toReversed()
        expect(createRouteTable(turned).match(one)).toEqual(createRouteTable(all).match(one))
      }),
      { numRuns: runs(1000) },
    )
  })

  it('explains the same winner as it matches', () => {
    fc.assert(
      fc.property(routes, asked, (all, one) => {
        const table = createRouteTable(all)
        const match = table.match(one)
        const won = table.candidates(one).filter(({ outcome }) => outcome === 'won')
        expect(won.map(({ route }) => route)).toEqual(match.kind === 'route' ? [match.route] : [])
      }),
    )
  })
})

function searchAll(all: readonly RoutePattern[], one: MatchRequest): RoutePattern | undefined {
  const scored = all.flatMap((route) => {
    const hostScores = route.hosts.length === 0 ? [0] : route.hosts.map((host) => scoreHost(host, one.host))
    const host = Math.max(...hostScores)
    const ranks = scorePath(route.path, one.path)
    if (host < 0 || ranks === undefined || !accepts(route, one)) return []
    return [{ route, key: [...ranks, ...scoreRest(route, one)], host }]
  })
  scored.sort((a, b) => b.host - a.host || compareKeys(a.key, b.key))
  return scored[0]?.route
}

function scoreHost(pattern: string, host: string): number {
  if (pattern === host) return 1000
  return pattern.startsWith('*') && host.endsWith(pattern.slice(1)) ? pattern.length : -1
}

/** Per position 0 for text, 1 for a parameter, 2 for the rest; undefined when the path does not match. */
function scorePath(pattern: string, path: string): number[] | undefined {
  const source = pattern.replaceAll(/:\w+/g, '[^/]+').replace(/\/\*$/, '(?:/.*)?')
  if (!new RegExp(`^${source}$`).test(path)) return undefined
  const ranks = pattern
    .slice(1)
    .split('/')
    .map((text) => (text === '*' ? 2 : Number(text.startsWith(':'))))
  return [...ranks, ...Array<number>(6 - ranks.length).fill(0)]
}

function accepts(route: RoutePattern, one: MatchRequest): boolean {
  const methods = route.methods.includes('GET') ? [...route.methods, 'HEAD'] : route.methods
  return (
    (methods.length === 0 || methods.includes(one.method)) &&
    route.headers.every(({ value }) => one.headers.get('x-h') === value) &&
    route.query.every(({ value }) => one.query.startsWith(`?q=${value}`))
  )
}

function scoreRest(route: RoutePattern, one: MatchRequest): number[] {
  const implied = one.method === 'HEAD' && !route.methods.includes('HEAD')
  return [Number(route.methods.length === 0), -route.headers.length, -route.query.length, Number(implied)]
}

function compareKeys(a: readonly number[], b: readonly number[]): number {
  const at = a.findIndex((value, index) => value !== b[index])
  return at < 0 ? 0 : a[at]! - b[at]!
}
