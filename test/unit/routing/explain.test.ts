// Why a route won and others lost, as people are told.
import { describe, expect, it } from 'vitest'
import type { MatchRequest, RoutePattern } from '../../../src/routing/route-pattern.ts'
import { createRouteTable } from '../../../src/routing/route-table.ts'
import { PREFLIGHT, request, route } from './routes.ts'

const told = (routes: readonly RoutePattern[], asked: MatchRequest) =>
  createRouteTable(routes)
    .candidates(asked)
    .map(({ route, outcome, why }) => `${route.id} ${outcome}: ${why}`)

const WON = 'won: the most specific of those that match'

describe('the candidates of a request', () => {
  it('are all routes that match host and path, most specific first, each with its reason', () => {
    const more = { headers: [{ name: 'x-a', value: '1' }] }
    const routes = [
      route('web.all', '/*'),
      route('wild', '*.test/orders/:id'),
      route('orders.all', 'api.test/orders/*'),
      route('orders.any', 'api.test/orders/:id'),
      route('orders.read', 'GET api.test/orders/:id'),
      route('orders.write', 'POST|PUT api.test/orders/:id'),
      route('orders.a', 'GET api.test/orders/:id', more),
      route('orders.v2', 'GET api.test/orders/:id', { query: [{ name: 'v', value: '2' }] }),
      route('other', 'api.test/other'),
    ]
    expect(told(routes, request('GET api.test/orders/42'))).toEqual([
      'orders.a lost: header x-a is not "1"',
      'orders.v2 lost: query parameter v is not "2"',
      `orders.read ${WON}`,
      'orders.write lost: method GET is not POST or PUT',
      'orders.any lost: states no method',
      'orders.all lost: less specific path',
      'wild lost: less specific host',
      'web.all lost: less specific host',
    ])
  })

  it('say that a winner has more predicates', () => {
    const header = { headers: [{ name: 'x-a', value: '1' }] }
    const routes = [
      route('plain', '/a'),
      route('v', '/a', { query: [{ name: 'v', value: '2' }] }),
      route('both', '/a', { ...header, query: [{ name: 'v', value: '2' }] }),
      route('one', '/a', header),
    ]
    expect(told(routes, request('GET h.test/a?v=2', ['X-A', '1']))).toEqual([
      `both ${WON}`,
      'one lost: fewer query predicates',
      'v lost: fewer header predicates',
      'plain lost: fewer header predicates',
    ])
  })

  it('say of a tie that it is one', () => {
    const routes = [route('a', 'GET /a'), route('b', 'GET /a')]
    expect(told(routes, request('GET h.test/a'))).toEqual([`a ${WON}`, 'b lost: equally specific'])
    const head = [route('get', 'GET /a'), route('head', 'HEAD /a')]
    expect(told(head, request('HEAD h.test/a'))).toEqual([`head ${WON}`, 'get lost: equally specific'])
  })

  it('are told for the method that a preflight asks about', () => {
    const routes = [route('read', 'GET /a'), route('write', 'POST /a')]
    expect(told(routes, request('OPTIONS h.test/a', [...PREFLIGHT, 'POST']))).toEqual([
      'read lost: method POST is not GET',
      `write ${WON}`,
    ])
  })

  it('of a miss are the nearest routes with the reason of each', () => {
    const routes = [
      route('write', 'POST api.test/orders/:id/items'),
      route('near', 'api.test/orders/:id/notes'),
      route('far', 'api.test/orders/x'),
      route('stranger', 'api.test/catalog'),
      route('elsewhere', 'www.test/orders/:id/items', { hosts: ['www.test', '*.web.test'] }),
      route('neither', 'www.test/other'),
    ]
    expect(told(routes, request('GET api.test/orders/42/items'))).toEqual([
      'write lost: method GET is not POST',
      'near lost: path /orders/42/items is not /orders/:id/notes',
      'far lost: path /orders/42/items is not /orders/x',
      'elsewhere lost: host api.test is not www.test or *.web.test',
    ])
  })

  it('of a miss are few', () => {
    const routes = Array.from({ length: 50 }, (_, at) => route(`r${at}`, `/orders/r${at}`))
    expect(told(routes, request('GET h.test/orders/42'))).toHaveLength(10)
  })

  it('of a miss of which nothing is near are any routes, those of the host first', () => {
    const routes = [route('host', 'b.test/x'), route('a', 'a.test/x')]
    expect(told(routes, request('GET b.test/y'))).toEqual([
      'host lost: path /y is not /x',
      'a lost: host b.test is not a.test',
    ])
  })

  it('are none without a route', () => {
    expect(told([], request('GET b.test/y'))).toEqual([])
  })
})
