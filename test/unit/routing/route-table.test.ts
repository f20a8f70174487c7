// What a request is matched to.
import { describe, expect, it } from 'vitest'
import type { MatchRequest, RoutePattern } from '../../../src/routing/route-pattern.ts'
import { createRouteTable } from '../../../src/routing/route-table.ts'
import { PREFLIGHT, request, route } from './routes.ts'

const match = (routes: readonly RoutePattern[], asked: MatchRequest) => createRouteTable(routes).match(asked)

/** The winner's id, in whichever order the routes are given. */
function winner(routes: readonly RoutePattern[], asked: MatchRequest): string | undefined {
  const ids = [routes, routes.toReversed()].map((ordered) => {
    const found = match(ordered, asked)
    return found.kind === 'route' ? found.route.id : undefined
  })
  expect(ids[0]).toBe(ids[1])
  return ids[0]
}

describe('hosts', () => {
  const routes = [
    route('exact', 'a.b.example.com/*'),
    route('long', '*.b.example.com/*'),
    route('short', '*.example.com/*'),
    route('any', '/*'),
  ]

  it.each([
    ['a.b.example.com', 'exact'],
    ['x.b.example.com', 'long'],
    ['x.y.b.example.com', 'long'],
    ['b.example.com', 'short'],
    ['example.com', 'any'],
    ['.example.com', 'any'],
    ['other.test', 'any'],
    ['', 'any'],
  ])('%s goes to the %s host', (host, id) => {
    expect(winner(routes, request(`GET ${host}/x`))).toBe(id)
  })

  it('fall through to a less specific host where the whole route does not match', () => {
    const mixed = [
      route('exact', 'POST a.example.com/orders'),
      route('wildcard', 'GET *.example.com/orders'),
      route('any', '/*'),
    ]
    expect(winner(mixed, request('POST a.example.com/orders'))).toBe('exact')
    expect(winner(mixed, request('GET a.example.com/orders'))).toBe('wildcard')
    expect(winner(mixed, request('GET a.example.com/other'))).toBe('any')
  })

  it('beat paths: a catch-all of the exact host goes before an exact path of any host', () => {
    const mixed = [route('host', 'a.example.com/*'), route('path', '/orders')]
    expect(winner(mixed, request('GET a.example.com/orders'))).toBe('host')
  })

  it('may be several for one route', () => {
    const routes = [route('both', '/a', { hosts: ['x.test', '*.y.test', 'x.test'] })]
    expect(winner(routes, request('GET x.test/a'))).toBe('both')
    expect(winner(routes, request('GET z.y.test/a'))).toBe('both')
    expect(winner(routes, request('GET y.test/a'))).toBeUndefined()
  })
})

describe('paths', () => {
  it('are compared in the case that they are written in', () => {
    const routes = [route('small', '/orders/*'), route('any', '/*')]
    expect(winner(routes, request('GET a.test/orders/1'))).toBe('small')
    expect(winner(routes, request('GET a.test/Orders/1'))).toBe('any')
    expect(winner([route('large', '/Orders')], request('GET a.test/orders'))).toBeUndefined()
  })

  const routes = [
    route('root', '/'),
    route('all', '/*'),
    route('orders', '/orders'),
    route('orders.below', '/orders/*'),
    route('order', '/orders/:id'),
    route('new', '/orders/new'),
    route('new.below', '/orders/new/*'),
    route('items', '/orders/:id/items'),
    route('item', '/orders/:id/items/:item'),
  ]

  it.each([
    ['/', 'root'],
    ['/orders', 'orders'],
    ['/orders/', 'orders.below'],
    ['/orders/new', 'new'],
    ['/orders/42', 'order'],
    ['/orders/42/items', 'items'],
    ['/orders/42/items/7', 'item'],
    ['/orders/42/items/', 'orders.below'],
    ['/orders/42/other', 'orders.below'],
    ['/orders/new/items', 'new.below'],
    ['/orders-old', 'all'],
    ['/ORDERS', 'all'],
  ])('%s goes to %s', (path, id) => {
    expect(winner(routes, request(`GET h.test${path}`))).toBe(id)
  })

  it('try the less specific branch when the more specific one ends nowhere', () => {
    const branches = [route('static', '/a/b/c'), route('param', '/a/:x/d'), route('rest', '/a/*')]
    expect(winner(branches, request('GET h.test/a/b/d'))).toBe('param')
    expect(winner(branches, request('GET h.test/a/b/e'))).toBe('rest')
  })

  it('of other forms match nothing: an asterisk is not below /*', () => {
    expect(match(routes, { ...request('OPTIONS h.test/x'), path: '*' })).toEqual({ kind: 'none' })
  })

  it('that are international are matched in their canonical spelling', () => {
    expect(winner([route('cafe', '/caf\u00e9')], request('GET h.test/caf%C3%A9'))).toBe('cafe')
  })
})

describe('parameters', () => {
  const params = (path: string, asked: string) => {
    const found = match([route('r', path)], request(`GET h.test${asked}`))
    return found.kind === 'route' ? found.params : undefined
  }

  it('are the decoded segments', () => {
    expect(params('/a/:x/b/:y/*', '/a/caf%C3%A9/b/2/c/d')).toEqual(
      Object.assign(Object.create(null), { x: 'caf\u00e9', y: '2' }),
    )
  })

  it('stay as they were sent when they are no UTF-8', () => {
    expect(params('/a/:x', '/a/%FF')?.['x']).toBe('%FF')
  })

  it('may have any name, the prototype is never touched', () => {
    const found = params('/:__proto__/:constructor', '/polluted/b')!
    expect(Object.getPrototypeOf(found)).toBeNull()
    expect(Object.entries(found)).toEqual([
      ['__proto__', 'polluted'],
      ['constructor', 'b'],
    ])
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('are one shared frozen object for every route without any', () => {
    expect(params('/a', '/a')).toBe(params('/b/*', '/b/c'))
    expect(Object.isFrozen(params('/a', '/a'))).toBe(true)
  })
})

describe('methods', () => {
  it('that are stated go before any method', () => {
    const routes = [route('any', '/a'), route('get', 'GET /a'), route('write', 'POST|PUT /a')]
    expect(winner(routes, request('GET h.test/a'))).toBe('get')
    expect(winner(routes, request('PUT h.test/a'))).toBe('write')
    expect(winner(routes, request('DELETE h.test/a'))).toBe('any')
  })

  it('do not make a less specific path win', () => {
    expect(winner([route('any', '/a'), route('get', 'GET /*')], request('GET h.test/a'))).toBe('any')
  })

  it('let a less specific path answer the methods that the more specific one does not take', () => {
    const routes = [route('hooks', 'POST /orders/hooks/:provider'), route('read', 'GET /orders/*')]
    expect(winner(routes, request('POST h.test/orders/hooks/stripe'))).toBe('hooks')
    expect(winner(routes, request('GET h.test/orders/hooks/stripe'))).toBe('read')
  })

  it('of HEAD are answered by GET, unless a route states HEAD', () => {
    const get = route('get', 'GET /a')
    expect(winner([get, route('any', '/a')], request('HEAD h.test/a'))).toBe('get')
    expect(winner([get, route('head', 'HEAD /a')], request('HEAD h.test/a'))).toBe('head')
    expect(winner([get, route('head', 'HEAD /a')], request('GET h.test/a'))).toBe('get')
  })

  it('that no route of the path takes are a 405 with those of every route of host and path', () => {
    const routes = [
      route('a', 'GET a.test/x'),
      route('b', 'POST /x'),
      route('c', 'DELETE /*'),
      route('d', 'PATCH b.test/x'),
      route('e', 'PUT /y'),
    ]
    expect(match(routes, request('PATCH a.test/x'))).toEqual({
      kind: 'method',
      allow: ['DELETE', 'GET', 'HEAD', 'POST'],
    })
  })

  it('are not blamed when a header is what was missing', () => {
    const beta = route('beta', 'GET /a', { headers: [{ name: 'X-Beta', value: '1' }] })
    expect(match([beta], request('GET h.test/a'))).toEqual({ kind: 'none' })
    expect(match([beta], request('POST h.test/a'))).toEqual({ kind: 'method', allow: ['GET', 'HEAD'] })
    const any = route('any', '/a', { headers: [{ name: 'X-Beta', value: '1' }] })
    expect(match([any], request('POST h.test/a'))).toEqual({ kind: 'none' })
  })

  it('do not matter where host or path are unknown', () => {
    const routes = [route('a', 'GET a.test/x')]
    expect(match(routes, request('GET a.test/y'))).toEqual({ kind: 'none' })
    expect(match(routes, request('GET b.test/x'))).toEqual({ kind: 'none' })
    expect(match([], request('GET b.test/x'))).toEqual({ kind: 'none' })
  })
})

describe('header and query predicates', () => {
  const plain = route('plain', '/a')
  const beta = route('beta', '/a', { headers: [{ name: 'X-Beta', value: '1' }] })
  const v2 = route('v2', '/a', { query: [{ name: 'v', value: '2' }] })

  it('match the whole value, by the name in any case', () => {
    expect(winner([plain, beta], request('GET h.test/a', ['x-bETA', '1']))).toBe('beta')
    expect(winner([plain, beta], request('GET h.test/a', ['X-Beta', '11']))).toBe('plain')
    expect(winner([plain, beta], request('GET h.test/a'))).toBe('plain')
  })

  it('see several lines of one header as one value', () => {
    expect(winner([plain, beta], request('GET h.test/a', ['X-Beta', '1', 'X-Beta', '2']))).toBe('plain')
    const both = route('both', '/a', { headers: [{ name: 'x-beta', value: '1, 2' }] })
    expect(winner([plain, both], request('GET h.test/a', ['X-Beta', '1', 'X-Beta', '2']))).toBe('both')
  })

  it('compare decoded query parameters, of which the first of a name counts', () => {
    const named = route('named', '/a', { query: [{ name: 'na me', value: 'caf\u00e9' }] })
    expect(winner([plain, v2], request('GET h.test/a?x=1&v=2'))).toBe('v2')
    expect(winner([plain, v2], request('GET h.test/a?v=1&v=2'))).toBe('plain')
    expect(winner([plain, v2], request('GET h.test/a?v=%'))).toBe('plain')
    expect(winner([plain, named], request('GET h.test/a?na%20me=caf%C3%A9'))).toBe('named')
  })

  it('count: more headers first, then more query parameters, but a stated method before both', () => {
    const both = route('both', '/a', { ...beta, id: 'both', query: v2.query })
    const get = route('get', 'GET /a')
    const asked = request('GET h.test/a?v=2', ['X-Beta', '1'])
    expect(winner([plain, v2], asked)).toBe('v2')
    expect(winner([plain, v2, beta], asked)).toBe('beta')
    expect(winner([plain, v2, beta, both], asked)).toBe('both')
    expect(winner([plain, v2, beta, both, get], asked)).toBe('get')
  })
})

describe('a CORS preflight', () => {
  const preflight = (target: string, method: string) => request(`OPTIONS ${target}`, [...PREFLIGHT, method])

  it('goes to the route of the method that it asks about, marked as nothing but a preflight', () => {
    const routes = [route('read', 'GET /a'), route('write', 'POST /a'), route('all', '/*')]
    expect(match(routes, preflight('h.test/a', 'POST'))).toMatchObject({
      kind: 'route',
      route: { id: 'write' },
      preflightAllow: ['GET', 'HEAD', 'POST'],
    })
  })

  it('goes to a route that states OPTIONS first, as an ordinary request', () => {
    const routes = [route('read', 'GET /a'), route('options', 'OPTIONS /*')]
    expect(match(routes, preflight('h.test/a', 'GET'))).toMatchObject({
      route: { id: 'options' },
      preflightAllow: undefined,
    })
  })

  it('to a route of any method is an ordinary request', () => {
    expect(match([route('all', '/*')], preflight('h.test/a', 'GET'))).toMatchObject({
      route: { id: 'all' },
      preflightAllow: undefined,
    })
  })

  it('for a method that is not routed is a 405', () => {
    expect(match([route('read', 'GET /a')], preflight('h.test/a', 'DELETE'))).toEqual({
      kind: 'method',
      allow: ['GET', 'HEAD'],
    })
  })

  it('needs Origin and Access-Control-Request-Method, and the method OPTIONS', () => {
    const routes = [route('read', 'GET /a')]
    expect(match(routes, request('OPTIONS h.test/a')).kind).toBe('method')
    expect(match(routes, request('OPTIONS h.test/a', ['Origin', 'https://x.test'])).kind).toBe('method')
    expect(match(routes, request('POST h.test/a', [...PREFLIGHT, 'GET'])).kind).toBe('method')
  })
})

describe('the table', () => {
  it('lists its routes most specific first', () => {
    const ids = [
      'exact.a',
      'exact.b',
      'exact.get',
      'exact.any',
      'exact.param',
      'exact.rest',
      'long',
      'short',
      'any',
    ]
    const routes = [
      route('any', '/*'),
      route('short', '*.test/*'),
      route('long', '*.h.test/*'),
      route('exact.rest', 'h.test/c/*'),
      route('exact.param', 'h.test/c/:x'),
      route('exact.any', 'h.test/c'),
      route('exact.get', 'GET h.test/c'),
      route('exact.b', '/b', { hosts: ['*.test', 'h.test'] }),
      route('exact.a', 'h.test/a'),
    ]
    const table = createRouteTable(routes)
    expect(table.routes().map((one) => one.id)).toEqual(ids)
  })

  it('refuses a host or path that is none', () => {
    expect(() => createRouteTable([route('r', 'h.test/a//b')])).toThrow('empty segment')
    expect(() => createRouteTable([route('r', '/a', { hosts: ['*'] })])).toThrow('is not a host')
  })
})
