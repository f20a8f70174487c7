import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { announceNode } from '../../../src/store/announce-node.ts'
import type { RedisStore, RedisStoreOptions } from '../../../src/store/redis-store.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { type SharedRedis, sharedRedis } from '../../support/redis.ts'
import { cells, connectedStore, perMinute, timedRedisStore } from './timed-stores.ts'

let redis: SharedRedis
const cleanups: (() => Promise<void>)[] = []

beforeAll(async () => {
  redis = await sharedRedis()
})

afterAll(async () => {
  for (const cleanup of cleanups) await cleanup()
  await redis.stop()
})

async function connect(options: Partial<RedisStoreOptions> = {}): Promise<RedisStore> {
  const store = await connectedStore(redis, options)
  cleanups.push(() => store.close())
  return store
}

describe('the limit script', () => {
  it('goes by the time of Redis: a node whose clock is an hour ahead gets the same answers', async () => {
    const ahead = new FakeClock()
    ahead.stepWallTime(3_600_000)
    await ahead.advance(3_600_000)
    const [right, wrong] = [await connect(), await connect({ clock: ahead })]
    const check = perMinute(4)
    await right.take([check], 2)
    expect((await wrong.take([check], 2)).states[0]!.remaining).toBe(0)
    expect((await right.take([check])).allowed).toBe(false)
    expect((await wrong.take([check])).allowed).toBe(false)
  })

  it('refuses for one window at most after the clock of Redis was set back by an hour', async () => {
    const timed = await timedRedisStore(redis)
    cleanups.push(timed.close)
    const [check, rate] = [perMinute(3), cells(6, 3)]
    for (let time = 0; time < 3; time++) await timed.store.take([check, rate])
    await timed.advance(-3_600_000)
    const { states } = await timed.store.take([check, rate])
    expect(states.map((state) => state.allowed)).toEqual([false, false])
    expect(states.map((state) => state.retryAfterMs)).toEqual([65_000, 10_000])
    await timed.advance(10_000)
    expect((await timed.store.take([rate])).allowed).toBe(true)
    await timed.advance(55_000)
    expect((await timed.store.take([check])).states[0]).toMatchObject({ allowed: true, remaining: 2 })
  })

  it('gives every key a time to live, a fixed length and one slot of a cluster', async () => {
    const keyPrefix = `${redis.keyPrefix}names:`
    const store = await connect({ keyPrefix })
    for (const key of ['{a}', '{b}:x', 'a\nb', 'y'.repeat(9000)]) {
      await store.take([perMinute(5, key), cells(5, 5, key)])
    }
    const names = await store.run((client) => client.keys(`${keyPrefix}*`))
    expect(names).toHaveLength(8)
    for (const name of names) {
      expect(name.slice(keyPrefix.length)).toMatch(/^\{limits\}:(w4:60000|r):[\w-]{22}$/)
      const ttl = await store.run((client) => client.pttl(name))
      expect(ttl).toBeGreaterThan(0)
      expect(ttl).toBeLessThanOrEqual(61_000)
    }
  })

  it('survives that Redis forgets its scripts', async () => {
    const store = await connect()
    const check = perMinute(10)
    await store.take([check])
    await store.run((client) => client.script('FLUSH'))
    expect((await store.take([check])).states[0]!.remaining).toBe(8)
  })

  it('survives that Redis forgets every key', async () => {
    const keyPrefix = `${redis.keyPrefix}lost:`
    const store = await connect({ keyPrefix })
    const check = perMinute(1)
    await store.take([check])
    expect((await store.take([check])).allowed).toBe(false)
    await store.run(async (client) => client.del(await client.keys(`${keyPrefix}*`)))
    expect((await store.take([check])).allowed).toBe(true)
  })

  it('keeps a window exact while it slides in real time', async () => {
    const store = await connect()
    const check = { kind: 'window', key: 'real time', limit: 20, windowMs: 120 } as const
    const admitted: { sentAt: number; answeredAt: number }[] = []
    while (admitted.length < 100) {
      const sentAt = performance.now()
      if ((await store.take([check])).allowed) admitted.push({ sentAt, answeredAt: performance.now() })
    }
    // Redis decided between the two times, so this span is never shorter than the one that Redis saw.
    const spans = admitted.slice(20).map(({ answeredAt }, at) => answeredAt - admitted[at]!.sentAt)
    expect(Math.min(...spans)).toBeGreaterThan(119)
  })
})

describe('announcing nodes', () => {
  it('counts those that live, and forgets those that leave or fall silent', async () => {
    const announce = announceNode(await connect({ keyPrefix: `${redis.keyPrefix}cluster:` }))
    expect(await announce('a', 60_000)).toBe(1)
    expect(await announce('b', 60_000)).toBe(2)
    expect(await announce('b', 60_000)).toBe(2)
    await announce('short', 1)
    await expect.poll(() => announce('a', 60_000)).toBe(2)
    expect(await announce('b', 0)).toBe(1)
    expect(await announce('a', 0)).toBe(0)
  })
})
