import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../../src/plugin.ts'
import { RouteUnderTest, surroundings, WatchedStore } from './route-under-test.ts'

function storeDown(written: unknown) {
  const stores: WatchedStore[] = []
  const around = surroundings((clock) => {
    stores.push(new WatchedStore(clock))
    return stores[0]!
  })
  const store = stores[0]!
  store.failure = new GatewayError('STORE_UNAVAILABLE')
  return { around, store, route: new RouteUnderTest({ route: written }, around) }
}

const admitted = (statuses: readonly number[]): number => statuses.filter((status) => status === 200).length

describe('while the store is down', () => {
  it('a limit lets this node pass its share, which follows the number of nodes', async () => {
    const { around, route } = storeDown({ limit: '12/min' })
    around.nodes = 4
    expect(admitted(await route.statuses(20))).toBe(3)
    around.nodes = 2
    await around.clock.advance(1000)
    expect(admitted(await route.statuses(20))).toBe(3)
    around.nodes = 1
    await around.clock.advance(1000)
    expect(admitted(await route.statuses(20))).toBe(6)
  })

  it('a share is never nothing', async () => {
    const { around, route } = storeDown({ limit: '3/min' })
    around.nodes = 100
    expect(admitted(await route.statuses(5))).toBe(1)
  })

  it('a rate shares both its speed and its burst', async () => {
    const { around, route } = storeDown({ rate: '10/s', burst: 20 })
    around.nodes = 4
    expect(admitted(await route.statuses(30))).toBe(5)
    await around.clock.advance(4000)
    let later = 0
    for (let second = 0; second < 10; second++) {
      await around.clock.advance(1000)
      later += admitted(await route.statuses(5))
    }
    expect(later).toBeGreaterThanOrEqual(25)
    expect(later).toBeLessThanOrEqual(30)
  })

  it('tells the client of the limit that it knows and of what is left here', async () => {
    const { around, route } = storeDown({ limit: '12/min' })
    around.nodes = 4
    const { headers } = await route.send()
    expect(headers.get('ratelimit-policy')).toBe('"orders.read-1";q=12;w=60')
    expect(headers.get('ratelimit')).toBe('"orders.read-1";r=2;t=61')
  })

  it('`allow` lets everything pass and counts it', async () => {
    const { around, route } = storeDown({ limit: '2/min', onStoreError: 'allow' })
    expect(admitted(await route.statuses(10))).toBe(10)
    const { headers } = await route.send()
    expect(headers.pairs).toEqual(['RateLimit-Policy', '"orders.read-1";q=2;w=60'])
    const labels = { policy: 'orders.read-1', behaviour: 'allow' }
    expect(around.meter.count('ratelimit_store_errors_total', labels)).toBe(11)
  })

  it('`refuse` answers 503 and when to come back', async () => {
    const { around, route } = storeDown([
      { limit: '2/min' },
      { limit: '9/h', onStoreError: 'refuse', name: 'strict' },
    ])
    const { status, headers, error } = await route.send()
    expect([status, error!.code, headers.get('retry-after')]).toEqual([503, 'STORE_UNAVAILABLE', '1'])
    expect(route.served).toBe(0)
    const labels = { policy: 'strict', behaviour: 'refuse' }
    expect(around.meter.count('ratelimit_store_errors_total', labels)).toBe(1)
  })

  it('each limit behaves as it was told', async () => {
    const { route } = storeDown([{ limit: '2/min', onStoreError: 'allow' }, { limit: '4/h' }])
    expect(await route.statuses(6)).toEqual([200, 200, 200, 200, 429, 429])
  })
})

describe('when the store is back', () => {
  it('a refusal by the share of this node is forgotten within a second', async () => {
    const { around, store, route } = storeDown({ limit: '4/min' })
    around.nodes = 4
    expect(await route.statuses(2)).toEqual([200, 429])
    store.failure = undefined
    expect(await route.statuses(1)).toEqual([429])
    await around.clock.advance(1000)
    expect(admitted(await route.statuses(6))).toBe(4)
  })
})

describe('a fault of the store itself', () => {
  it('is no outage: it is not covered up by the fallback', async () => {
    const { store, route } = storeDown({ limit: '4/min', onStoreError: 'allow' })
    store.failure = new TypeError('a bug')
    expect((await route.send()).error).toMatchObject({ code: 'INTERNAL_ERROR' })
  })
})
