import { describe, expect, it } from 'vitest'
import { rateLimit } from '../../../../plugins/rate-limit/rate-limit.ts'
import { compileChain } from '../../../../src/chain/chain.ts'
import { consumer, parse, RouteUnderTest, surroundings, WatchedStore } from './route-under-test.ts'

describe('a limit by address', () => {
  it('lets the limit through and answers the next with 429 and when to come back', async () => {
    const route = new RouteUnderTest({ route: { limit: '3/min' } }, surroundings())
    expect(await route.statuses(3)).toEqual([200, 200, 200])
    const { status, headers, error } = await route.send()
    expect(status).toBe(429)
    expect(route.served).toBe(3)
    expect(error).toMatchObject({
      code: 'RATE_LIMITED',
      retryable: true,
      detail: 'Try again in 61 seconds.',
      members: { 'violated-policies': ['orders.read-1'] },
    })
    expect(headers.pairs).toEqual([
      'Retry-After',
      '61',
      'RateLimit-Policy',
      '"orders.read-1";q=3;w=60',
      'RateLimit',
      '"orders.read-1";r=0;t=61',
      'X-RateLimit-Limit',
      '3',
      'X-RateLimit-Remaining',
      '0',
      'X-RateLimit-Reset',
      '61',
    ])
  })

  it('admits whoever waits for the seconds of Retry-After', async () => {
    for (const written of [{ limit: '3/min' }, { rate: '7/min', burst: 2 }]) {
      const around = surroundings()
      const route = new RouteUnderTest({ route: written }, around)
      await route.statuses(5)
      await around.clock.advance(1234)
      const seconds = Number((await route.send()).headers.get('retry-after'))
      expect(seconds).toBeGreaterThanOrEqual(1)
      await around.clock.advance(seconds * 1000)
      expect((await route.send()).status).toBe(200)
    }
  })

  it('says at least one second, however short the wait', async () => {
    const route = new RouteUnderTest({ route: { rate: '100/s', burst: 1 } }, surroundings())
    const [, second] = [await route.send(), await route.send()]
    expect(second!.headers.get('retry-after')).toBe('1')
    expect(second!.error!.detail).toBe('Try again in 1 second.')
  })

  it('counts each address apart, an IPv6 network and a mapped address as one', async () => {
    const route = new RouteUnderTest({ route: { limit: '2/min' } }, surroundings())
    expect(await route.statuses(3, { ip: '192.0.2.1' })).toEqual([200, 200, 429])
    expect(await route.statuses(1, { ip: '::ffff:192.0.2.1' })).toEqual([429])
    expect(await route.statuses(1, { ip: '192.0.2.2' })).toEqual([200])
    expect(await route.statuses(2, { ip: '2001:db8::1' })).toEqual([200, 200])
    expect(await route.statuses(1, { ip: '2001:db8::ffff:2' })).toEqual([429])
  })

  it('has its headers on every response, in place of those of the service', async () => {
    const responseHeaders = ['X-RateLimit-Remaining', '12345', 'Server', 'x']
    const route = new RouteUnderTest({ route: { limit: '3/min' } }, surroundings(), { responseHeaders })
    const { headers } = await route.send({ tookMs: 5000 })
    expect(headers.all('x-ratelimit-remaining')).toEqual(['2'])
    expect(headers.get('ratelimit')).toBe('"orders.read-1";r=2;t=56')
    expect(headers.get('server')).toBe('x')
  })

  it('stands before identity, and decides at once with the store in memory', async () => {
    const around = surroundings()
    const route = new RouteUnderTest({ route: { limit: '1/min' } }, around)
    await route.statuses(5)
    expect(route.identified).toBe(1)
    expect(route.hooks.map((hooks) => hooks.stage)).toEqual(['edge'])
    const { onRequest } = compileChain(route.hooks, () => Promise.reject(new Error('not called')))
    const exchange = { clientIp: '192.0.2.9' } as Parameters<NonNullable<(typeof onRequest)[0]>>[0]
    expect(onRequest[0]!(exchange)).toBeUndefined()
  })

  it('asks the store once for each request, and not at all about a key that is exhausted', async () => {
    let store: WatchedStore | undefined
    const around = surroundings((clock) => {
      store = new WatchedStore(clock)
      return store
    })
    const limits = [
      { limit: '5/min' },
      { limit: '2/min', by: 'header:x-tenant' },
      { rate: '9/s', by: 'global' },
    ]
    const route = new RouteUnderTest({ route: limits }, around)
    await route.statuses(3)
    expect(store!.calls.map((checks) => checks.length)).toEqual([3, 3, 3])
    expect(await route.statuses(50)).toEqual(Array(50).fill(429))
    expect(store!.calls).toHaveLength(3)
    await around.clock.advance(61_000)
    expect(await route.statuses(1)).toEqual([200])
  })
})

describe('limits of several levels', () => {
  it('all count, and a refusal by one costs nothing on the others', async () => {
    const around = surroundings()
    const written = { defaults: { limit: '10/min' }, service: { limit: '5/min' }, route: { limit: '2/min' } }
    const route = new RouteUnderTest(written, around)
    expect(await route.statuses(4)).toEqual([200, 200, 429, 429])
    const { headers, error } = await route.send()
    expect(error!.members).toEqual({ 'violated-policies': ['orders.read-1'] })
    expect(headers.get('ratelimit-policy')).toBe(
      '"defaults-1";q=10;w=60, "orders-1";q=5;w=60, "orders.read-1";q=2;w=60',
    )
    const other = new RouteUnderTest(written, around, { route: 'orders.write' })
    const { headers: others } = await other.send()
    expect(others.get('ratelimit')).toMatch(
      /^"defaults-1";r=7;t=\d+, "orders-1";r=2;t=\d+, "orders.write-1";r=1/,
    )
  })

  it('share the buckets of a level: the gateway has one, a service one, a route one', async () => {
    const around = surroundings()
    const at = (level: string, route: string, service: string) =>
      new RouteUnderTest({ [level]: { limit: '2/min', by: 'global' } }, around, { route, service })
    await at('defaults', 'orders.read', 'orders').statuses(2)
    expect(await at('defaults', 'billing.pay', 'billing').statuses(1)).toEqual([429])
    await at('service', 'orders.read', 'orders').statuses(2)
    expect(await at('service', 'orders.write', 'orders').statuses(1)).toEqual([429])
    expect(await at('service', 'billing.pay', 'billing').statuses(1)).toEqual([200])
    await at('route', 'orders.read', 'orders').statuses(2)
    expect(await at('route', 'orders.write', 'orders').statuses(1)).toEqual([200])
  })

  it('give each route a bucket of its own where they count by route', async () => {
    const around = surroundings()
    const written = { defaults: { limit: '1/min', by: 'route' } }
    const [read, write] = ['orders.read', 'orders.write'].map(
      (route) => new RouteUnderTest(written, around, { route }),
    )
    expect(await read!.statuses(2, { ip: '192.0.2.1' })).toEqual([200, 429])
    expect(await read!.statuses(1, { ip: '192.0.2.2' })).toEqual([429])
    expect(await write!.statuses(1)).toEqual([200])
  })

  it('name the policy that refuses for longest', async () => {
    const written = [
      { rate: '1/s', burst: 1, name: 'burst' },
      { limit: '1/h', name: 'hour' },
    ]
    const route = new RouteUnderTest({ route: written }, surroundings())
    await route.send()
    const { headers, error } = await route.send()
    expect(error!.members).toEqual({ 'violated-policies': ['burst', 'hour'] })
    // A permit of the hour comes back with the end of the minute in which it was used, which each key begins at its own time.
    const seconds = Number(headers.get('retry-after'))
    expect(seconds).toBeGreaterThan(3600)
    expect(seconds).toBeLessThanOrEqual(3660)
    expect(headers.get('x-ratelimit-limit')).toBe('1')
  })

  it('keep their counts through a reload, as long as the limit stays the same', async () => {
    const around = surroundings()
    const load = (written: object) => new RouteUnderTest({ route: written }, around)
    await load({ limit: '3/min', name: 'old' }).statuses(2)
    expect(await load([{ limit: '9/h' }, { limit: '3/min', name: 'new' }]).statuses(2)).toEqual([200, 429])
    expect(await load({ limit: '4/min' }).statuses(1)).toEqual([200])
  })

  it('need different names', () => {
    const named = { limit: '3/min', name: 'mine' }
    expect(() => new RouteUnderTest({ service: named, route: named }, surroundings())).toThrow(
      'rateLimit of orders.read: route.yaml:1 uses the name "mine" a second time',
    )
  })

  it('get names that no other limit of the route has', async () => {
    const written = { defaults: { limit: '9/min' }, service: [{ limit: '8/min', name: 'defaults-1' }] }
    const { headers } = await new RouteUnderTest(written, surroundings(), { service: 'm\u00fcll "a"' }).send()
    expect(headers.get('ratelimit-policy')).toBe('"defaults-1-2";q=9;w=60, "defaults-1";q=8;w=60')
    const odd = new RouteUnderTest({ service: { limit: '8/min' } }, surroundings(), {
      service: 'm\u00fcll "a"',
    })
    expect((await odd.send()).headers.get('ratelimit-policy')).toBe('"m-ll--a--1";q=8;w=60')
  })
})

describe('a limit by header', () => {
  const written = { route: { limit: '2/min', by: 'header:X-Tenant' } }

  it('counts each value apart', async () => {
    const route = new RouteUnderTest(written, surroundings())
    expect(await route.statuses(3, { headers: ['x-tenant', 'a'] })).toEqual([200, 200, 429])
    expect(await route.statuses(1, { headers: ['X-TENANT', 'b'] })).toEqual([200])
  })

  it.each(['a:b', '{a}', 'a\tb', 'ip:192.0.2.1', '192.0.2.1', '|', '["', 'x'.repeat(8000)])(
    'keeps %j out of the buckets of others',
    async (value) => {
      const route = new RouteUnderTest(written, surroundings())
      await route.statuses(2)
      await route.statuses(2, { headers: ['x-tenant', 'a'] })
      expect(await route.statuses(3, { headers: ['x-tenant', value] })).toEqual([200, 200, 429])
    },
  )

  it('counts by address whoever sends none, or an empty one', async () => {
    const route = new RouteUnderTest(written, surroundings())
    expect(await route.statuses(2)).toEqual([200, 200])
    expect(await route.statuses(1, { headers: ['x-tenant', ''] })).toEqual([429])
    expect(await route.statuses(1, { ip: '192.0.2.2' })).toEqual([200])
  })
})

describe('a limit by consumer', () => {
  it('counts the consumer, whatever the address, after identity', async () => {
    let id = 'alice'
    const route = new RouteUnderTest({ route: { limit: '2/min', by: 'consumer' } }, surroundings(), {
      identify: (exchange) => {
        exchange.consumer = consumer(id)
      },
    })
    expect(await route.statuses(2, { ip: '192.0.2.1' })).toEqual([200, 200])
    expect(await route.statuses(1, { ip: '192.0.2.2' })).toEqual([429])
    id = 'bob'
    expect(await route.statuses(1, { ip: '192.0.2.1' })).toEqual([200])
    expect(route.hooks.map((hooks) => hooks.stage)).toEqual(['policy'])
  })

  it('counts the address of whoever stayed anonymous, and nobody can be named like one', async () => {
    let id: string | undefined
    const route = new RouteUnderTest({ route: { limit: '1/min', by: 'consumer' } }, surroundings(), {
      identify: (exchange) => {
        exchange.consumer = id === undefined ? undefined : consumer(id)
      },
    })
    expect(await route.statuses(2)).toEqual([200, 429])
    id = 'ip:192.0.2.1'
    expect(await route.statuses(1)).toEqual([200])
  })

  it('gives tiers limits and buckets of their own, and a burst in proportion', async () => {
    let tier: string | undefined
    const tiers = { gold: '10/s', unused: '1/d' }
    const route = new RouteUnderTest(
      { route: { rate: '2/s', burst: 3, by: 'consumer', tiers } },
      surroundings(),
      {
        identify: (exchange) => {
          exchange.consumer = consumer('alice', tier)
        },
      },
    )
    expect((await route.send()).headers.get('ratelimit-policy')).toBe('"orders.read-1";q=3;w=2')
    expect(await route.statuses(3)).toEqual([200, 200, 429])
    tier = 'gold'
    expect((await route.send()).headers.get('ratelimit-policy')).toBe('"orders.read-1";q=15;w=2')
    expect(await route.statuses(15)).toEqual([...Array(14).fill(200), 429])
    tier = '__proto__'
    expect((await route.send()).status).toBe(429)
  })
})

describe('what the metrics say', () => {
  it('counts what each policy let pass and what it refused', async () => {
    const around = surroundings()
    const written = [
      { limit: '2/min', name: 'tight' },
      { limit: '100/min', name: 'wide' },
    ]
    await new RouteUnderTest({ route: written }, around).statuses(5)
    const count = (policy: string, decision: string) =>
      around.meter.count('ratelimit_decisions_total', { policy, decision })
    expect([count('tight', 'allowed'), count('tight', 'limited')]).toEqual([2, 3])
    expect([count('wide', 'allowed'), count('wide', 'limited')]).toEqual([2, 0])
  })
})

it('is a plugin of the stage policy whose levels add up', () => {
  expect(rateLimit).toMatchObject({ name: 'rateLimit', stage: 'policy', layering: 'add' })
  expect(parse({ limit: '1/s' })).toBeDefined()
})
