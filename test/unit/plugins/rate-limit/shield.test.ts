import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../../src/plugin.ts'
import {
  consumer,
  type RouteOptions,
  RouteUnderTest,
  surroundings,
  WatchedStore,
} from './route-under-test.ts'

const LIMITS = [
  { limit: '5/min', name: 'address' },
  { limit: '100/min', by: 'consumer', name: 'consumer' },
]

const ALICE: RouteOptions = {
  identify: (exchange) => {
    exchange.consumer = consumer('alice')
  },
}

const NOBODY: RouteOptions = {
  identify: () => {
    throw new GatewayError('UNAUTHENTICATED')
  },
}

function watched() {
  const stores: WatchedStore[] = []
  const around = surroundings((clock) => {
    stores.push(new WatchedStore(clock))
    return stores[0]!
  })
  return { around, store: stores[0]! }
}

describe('a route that limits consumers and addresses', () => {
  it('asks the store once for each request that passes', async () => {
    const { around, store } = watched()
    const route = new RouteUnderTest({ route: LIMITS }, around, ALICE)
    const { headers } = await route.send()
    expect(store.calls.map((checks) => checks.length)).toEqual([2])
    expect(headers.get('ratelimit')).toBe('"address";r=4;t=61, "consumer";r=99;t=61')
  })

  it('counts attempts with wrong credentials against the address, and then checks no more of them', async () => {
    const { around, store } = watched()
    const route = new RouteUnderTest({ route: LIMITS }, around, NOBODY)
    // The sixth finds the limit reached when its answer, a 401, is on its way.
    expect(await route.statuses(20)).toEqual([...Array(6).fill(401), ...Array(14).fill(429)])
    expect(route.identified).toBe(6)
    expect(store.calls).toHaveLength(6)
    expect(store.calls.every((checks) => checks.length === 1)).toBe(true)
    expect((await route.send({ ip: '192.0.2.2' })).status).toBe(401)
    await around.clock.advance(61_000)
    expect((await route.send()).status).toBe(401)
  })

  it('tells whoever was turned away where the address stands', async () => {
    const { around } = watched()
    const route = new RouteUnderTest({ route: LIMITS }, around, NOBODY)
    const { status, headers } = await route.send()
    expect(status).toBe(401)
    expect(headers.get('ratelimit-policy')).toBe('"address";q=5;w=60')
    expect(headers.get('ratelimit')).toBe('"address";r=4;t=61')
    await route.statuses(5)
    const refused = await route.send()
    expect(refused.error!.members).toEqual({ 'violated-policies': ['address'] })
    expect(refused.headers.get('retry-after')).toBe('61')
    expect(refused.headers.get('ratelimit')).toBe('"address";r=0;t=61')
  })

  it('spares the credentials of an exhausted address the check, on every route that shares the limit', async () => {
    const { around } = watched()
    const written = { defaults: LIMITS[0], route: LIMITS[1] }
    const [read, write] = ['orders.read', 'orders.write'].map(
      (route) => new RouteUnderTest(written, around, { ...ALICE, route }),
    )
    await read!.statuses(6)
    expect((await write!.send()).status).toBe(429)
    expect(write!.identified).toBe(0)
  })

  it('counts a request that passes once, not again with its response', async () => {
    const { around, store } = watched()
    const route = new RouteUnderTest({ route: LIMITS }, around, ALICE)
    expect(await route.statuses(6)).toEqual([200, 200, 200, 200, 200, 429])
    expect(store.calls).toHaveLength(6)
  })

  it('charges no limit but those by address for a request that was turned away', async () => {
    const { around, store } = watched()
    const limits = [
      { limit: '5/min', by: 'global' },
      { limit: '9/min', by: 'consumer' },
    ]
    const route = new RouteUnderTest({ route: limits }, around, NOBODY)
    const { headers } = await route.send()
    expect(store.calls).toHaveLength(0)
    expect(headers.pairs).toEqual([])
  })

  it('charges no limit that waits for the tier of a consumer', async () => {
    const { around, store } = watched()
    const limits = [{ limit: '5/min', tiers: { gold: '50/min' } }]
    await new RouteUnderTest({ route: limits }, around, NOBODY).send()
    expect(store.calls).toHaveLength(0)
  })

  it('turns away as before when the store cannot be asked', async () => {
    for (const onStoreError of ['local', 'allow', 'refuse']) {
      const { around, store } = watched()
      store.failure = new GatewayError('STORE_UNAVAILABLE')
      const limits = [{ ...LIMITS[0], onStoreError }, LIMITS[1]]
      expect((await new RouteUnderTest({ route: limits }, around, NOBODY).send()).status).toBe(401)
    }
  })

  it('limits guesses by this node alone while the store is down', async () => {
    const { around, store } = watched()
    store.failure = new GatewayError('STORE_UNAVAILABLE')
    const route = new RouteUnderTest({ route: LIMITS }, around, NOBODY)
    expect(await route.statuses(8)).toEqual([...Array(6).fill(401), 429, 429])
  })
})
