// The two stores, each with a clock that a test moves, and checks with keys of their own.
import { expect, vi } from 'vitest'
import type { RateCheck, WindowCheck } from '../../../src/plugin.ts'
import type { LendingStore } from '../../../src/store/lease.ts'
import { TAKE_LIMITS } from '../../../src/store/limits-lua.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { createRedisStore, type RedisStore, type RedisStoreOptions } from '../../../src/store/redis-store.ts'
import { slotPhaseUs } from '../../../src/store/slot-phase.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import type { SharedRedis } from '../../support/redis.ts'
import { realClock } from './real-clock.ts'
import { RecordingLogger, RecordingMeter } from './recorders.ts'

const START_MS = 1_800_000_000_000

/** Nothing where milliseconds are rounded up. */
const ALIGNED_US = 500

/** A store and the clock that it goes by. */
export interface TimedStore {
  readonly store: LendingStore
  nowMs(): number
  advance(ms: number): Promise<void>
  close(): Promise<void>
}

export async function timedMemoryStore(startMs = START_MS): Promise<TimedStore> {
  const clock = new FakeClock()
  await clock.advance(startMs)
  return {
    store: createMemoryStore({ clock }),
    nowMs: () => clock.now(),
    advance: (ms) => clock.advance(ms),
    close: async () => {},
  }
}

/** The real script in a real Redis, but for one word: its time is a list that the test writes. */
export async function timedRedisStore(redis: SharedRedis): Promise<TimedStore> {
  const time = `${redis.keyPrefix}{limits}:time:${newKey()}`
  const source = "redis.call('TIME')"
  expect(TAKE_LIMITS.split(source)).toHaveLength(2)
  // Empty only for the call by which the store finds out that Redis answers.
  const lua = TAKE_LIMITS.replace(
    source,
    `redis.call('LRANGE', '${time}', 0, 1) if #time == 0 then time = { 0, 0 } end`,
  )
  const store = await connectedStore(redis, { lua })
  let nowMs = START_MS
  const advance = (ms: number): Promise<void> => {
    nowMs += ms
    return store.run(async (client) => {
      await client
        .multi()
        .del(time)
        .rpush(time, Math.floor(nowMs / 1000), (nowMs % 1000) * 1000)
        .exec()
    })
  }
  await advance(0)
  return { store, nowMs: () => nowMs, advance, close: () => store.close() }
}

export async function connectedStore(
  redis: SharedRedis,
  options: Partial<RedisStoreOptions> = {},
): Promise<RedisStore> {
  const store = createRedisStore({
    url: redis.url,
    keyPrefix: redis.keyPrefix,
    clock: realClock,
    // What is tested here is what the answer is, on a machine that may be slow, not how fast it comes.
    commandTimeoutMs: 10_000,
    logger: new RecordingLogger(),
    meter: new RecordingMeter(),
    ...options,
  })
  // Outside of a test there is no `expect.poll`.
  await vi.waitFor(() => expect(store.healthy).toBe(true), { timeout: 40_000, interval: 10 })
  return store
}

let keys = 0

export const newKey = (): string => `key ${++keys}`

/** A key whose slots begin with those of the store's clock, so that times can be told in whole numbers. */
export function alignedKey(): string {
  for (;;) {
    const check = { kind: 'window', key: newKey(), limit: 1, windowMs: 60_000 } as const
    if (slotPhaseUs(check) < ALIGNED_US) return check.key
  }
}

export const perMinute = (limit: number, key = alignedKey()): WindowCheck => ({
  kind: 'window',
  key,
  limit,
  windowMs: 60_000,
})

/** `limit` cells drain in a minute. */
export const cells = (limit: number, burst: number, key = alignedKey()): RateCheck => ({
  kind: 'rate',
  key,
  limit,
  periodMs: 60_000,
  burst,
})
