// Routes that the table could only order by chance, or never reach.
import { describe, expect, it } from 'vitest'
import { atOnce } from '../../../src/pace.ts'
import { findConflicts } from '../../../src/routing/conflicts.ts'
import type { RoutePattern } from '../../../src/routing/route-pattern.ts'
import { fc } from '../../support/property.ts'
import { route } from './routes.ts'

const header = (...names: string[]) => ({ headers: names.map((name) => ({ name, value: '1' })) })
const query = (...names: string[]) => ({ query: names.map((name) => ({ name, value: '1' })) })
const found = (...routes: RoutePattern[]) =>
  atOnce(findConflicts(routes)).map(({ first, second, reason }) => `${second} ${reason} ${first}`)

describe('two routes are ambiguous', () => {
  it('when host, path and methods are the same, and the message names both with their lines', () => {
    const routes = [
      route('orders.read', 'GET api.test/orders/*', { origin: 'a.yaml:12' }),
      route('web.orders', 'GET|PUT api.test/orders/*', { origin: 'b.yaml:3' }),
    ]
    expect(atOnce(findConflicts(routes))).toEqual([
      {
        first: 'orders.read',
        second: 'web.orders',
        reason: 'ambiguous',
        message:
          'orders.read (a.yaml:12) and web.orders (b.yaml:3) match the same requests to GET|PUT ' +
          'api.test/orders/* and none is more specific: change the host, path or methods of one, or give one ' +
          'a header or query predicate more',
      },
    ])
  })

  it('when only the names of their parameters differ', () => {
    expect(found(route('a', '/users/:id'), route('b', '/users/:name'))).toEqual(['b ambiguous a'])
  })

  it('when only the spelling of host or path differs', () => {
    expect(found(route('a', 'A.test/%7Ex'), route('b', 'a.test/~x'))).toEqual(['b ambiguous a'])
  })

  it('when they share one host of several', () => {
    const a = route('a', '/x', { hosts: ['a.test', 'b.test', 'c.test'] })
    const b = route('b', '/x', { hosts: ['z.test', 'b.test', 'c.test'] })
    expect(found(a, b)).toEqual(['b ambiguous a'])
  })

  it('when a request may have the header of the one and the header of the other', () => {
    const [a, b] = [route('a', '/x', header('x-a')), route('b', '/x', header('x-b'))]
    expect(found(a, b)).toEqual(['b ambiguous a'])
  })

  it('unless a third route ranks before both for just those requests', () => {
    const [a, b] = [route('a', 'GET /x', header('x-a')), route('b', 'GET /x', header('x-b'))]
    expect(found(a, b, route('c', 'GET /x', header('x-a', 'x-b')))).toEqual([])
    expect(found(a, b, route('c', 'GET /x', { ...header('x-a'), ...query('q') }))).toEqual(['b ambiguous a'])
    expect(found(a, b, route('c', 'POST /x', header('x-a', 'x-b')))).toEqual(['b ambiguous a'])
    expect(found(a, b, route('c', '/x', header('x-a', 'x-b')))).toEqual(['b ambiguous a'])
  })

  it('also settled by a third route where none of them states a method', () => {
    const [a, b] = [route('a', '/x', query('q')), route('b', '/x', query('r'))]
    expect(found(a, b)).toEqual(['b ambiguous a'])
    expect(found(a, b, route('c', '/x', query('q', 'r')))).toEqual([])
    expect(found(a, b, route('c', 'GET /x', query('q', 'r')))).toEqual(['b ambiguous a'])
  })

  it('and each is told once, against the first that it meets', () => {
    const same = ['a', 'b', 'c'].map((id) => route(id, '/x'))
    expect(found(...same)).toEqual(['b ambiguous a', 'c ambiguous a'])
  })
})

describe('two routes are no conflict', () => {
  it.each([
    ['different hosts', 'a.test/x', 'b.test/x'],
    ['an exact host and a wildcard', 'a.test/x', '*.test/x'],
    ['a host and none', 'a.test/x', '/x'],
    ['different paths', '/x', '/x/'],
    ['a path and its prefix', '/x', '/x/*'],
    ['a parameter and text', '/x/:y', '/x/y'],
    ['different methods', 'GET /x', 'POST /x'],
    ['GET and an explicit HEAD', 'GET /x', 'HEAD /x'],
    ['a method and any', 'GET /x', '/x'],
  ])('with %s', (_, first, second) => {
    expect(found(route('a', first), route('b', second))).toEqual([])
  })

  it('with different values of one header or query parameter', () => {
    const tenant = (value: string) => ({
      headers: [{ name: value === '1' ? 'X-Tenant' : 'x-tenant', value }],
    })
    expect(found(route('a', '/x', tenant('1')), route('b', '/x', tenant('2')))).toEqual([])
    const version = (value: string) => ({ query: [{ name: 'v', value }] })
    expect(found(route('a', '/x', version('1')), route('b', '/x', version('2')))).toEqual([])
  })

  it('with more predicates on one of them', () => {
    expect(found(route('a', '/x'), route('b', '/x', header('x-a')))).toEqual([])
    expect(found(route('a', '/x', header('x-a')), route('b', '/x', query('q')))).toEqual([])
  })
})

describe('a route is shadowed', () => {
  const read = route('read', 'GET /x')
  const write = route('write', 'POST|PUT|PATCH|DELETE|OPTIONS /x')

  it('when others on its host and path state every method that clients use', () => {
    expect(atOnce(findConflicts([route('any', '/x', header('x-a')), read, write]))).toEqual([
      {
        first: 'read',
        second: 'any',
        reason: 'shadowed',
        message:
          'any (any.yaml:1) can never win: read (read.yaml:1) and the other routes for /x state every method; ' +
          'remove it, or take methods from them',
      },
    ])
  })

  it('but not when a method is left, or the others ask for more than it does', () => {
    expect(found(route('any', '/x'), read, route('write', 'POST|PUT|PATCH|DELETE /x'))).toEqual([])
    expect(found(route('any', '/x'), read, { ...write, ...header('x-a') })).toEqual([])
  })

  it('but not when it can be reached through another host', () => {
    const any = route('any', '/x', { hosts: ['a.test', 'b.test'] })
    const on = (host: string) => [
      { ...read, id: `read.${host}`, hosts: [host] },
      { ...write, id: `write.${host}`, hosts: [host] },
    ]
    expect(found(any, ...on('a.test'))).toEqual([])
    expect(found(any, ...on('a.test'), ...on('b.test'))).toEqual(['any shadowed read.b.test'])
  })
})

it('a host or path that is none is refused, as by the table', () => {
  expect(() => atOnce(findConflicts([route('a', '/a//b')]))).toThrow('empty segment')
})

it('a route never conflicts with a copy of itself on another host', () => {
  fc.assert(
    fc.property(fc.constantFrom('/a', '/a/*', '/a/:b'), fc.constantFrom('GET ', ''), (path, method) => {
      expect(found(route('a', `${method}a.test${path}`), route('b', `${method}b.test${path}`))).toEqual([])
    }),
  )
})
