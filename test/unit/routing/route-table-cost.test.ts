// Work per match, counted: it must not grow with the number of routes.
import { describe, expect, it } from 'vitest'
import type { MatchRequest, RoutePattern } from '../../../src/routing/route-pattern.ts'
import { createRouteTable } from '../../../src/routing/route-table.ts'
import { request, route } from './routes.ts'

const SHAPES = [
  'GET HOST/svcN/*',
  'HOST/svcN/items/:id',
  'GET HOST/svcN/status',
  'HOST/svcN/a/:x/b/:y',
] as const

/** `count` routes over `hosts` hosts, every tenth of which is a wildcard. */
function manyRoutes(count: number, hosts: number): RoutePattern[] {
  return Array.from({ length: count }, (_, at) => {
    const host = `${at % 10 === 0 ? '*.' : ''}h${at % hosts}.example.com`
    const shape = SHAPES[at % SHAPES.length]!.replace('HOST', host).replace(
      'N',
      String(Math.floor(at / hosts)),
    )
    return route(`s${at}`, shape)
  })
}

function requestFor({ hosts, path }: RoutePattern): MatchRequest {
  const below = path.replace('/*', '/x/y').replaceAll(/:\w/g, '42')
  return request(`GET ${hosts[0]!.replace('*', 'x')}${below}`)
}

/** The most steps that any of the requests takes, and how many found their own route. */
function work(routes: readonly RoutePattern[], asked: readonly MatchRequest[]) {
  const table = createRouteTable(routes)
  const steps = asked.map((one) => {
    const counter = { count: 0 }
    table.match(one, counter)
    return counter.count
  })
  return Math.max(...steps)
}

describe('the work of a match', () => {
  const few = manyRoutes(10, 2)
  const many = manyRoutes(10_000, 100)

  it('among 10,000 routes over 100 hosts is at most twice that among 10', () => {
    const ofFew = work(few, few.map(requestFor))
    const ofMany = work(many, many.map(requestFor))
    expect(ofFew).toBeGreaterThan(3)
    expect(ofMany).toBeLessThanOrEqual(2 * ofFew)
  })

  it('is as small for a request that matches nothing', () => {
    const unknown = [
      request('GET nowhere.example.org/x'),
      request('GET h1.example.com/nothing/here'),
      request(`GET h1.example.com/${'a/'.repeat(4000)}`),
      request(`GET ${'a.'.repeat(60)}example.com/x`),
    ]
    expect(work(many, unknown)).toBeLessThanOrEqual(2 * work(few, unknown))
  })

  it('finds each of 50,000 routes', () => {
    const routes = manyRoutes(50_000, 500)
    const table = createRouteTable(routes)
    const missed = routes.filter((one) => {
      const found = table.match(requestFor(one))
      return found.kind !== 'route' || found.route.id !== one.id
    })
    expect(missed).toEqual([])
  })
})
