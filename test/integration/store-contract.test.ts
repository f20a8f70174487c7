import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LimitCheck, LimitVerdict } from '../../src/plugin.ts'
import { type SharedRedis, sharedRedis } from '../support/redis.ts'
import {
  cells,
  newKey,
  perMinute,
  type TimedStore,
  timedMemoryStore,
  timedRedisStore,
} from '../unit/store/timed-stores.ts'

let redis: SharedRedis

beforeAll(async () => {
  redis = await sharedRedis()
})

afterAll(() => redis.stop())

describe.each([
  ['in memory', () => timedMemoryStore()],
  ['in Redis', () => timedRedisStore(redis)],
])('the store %s', (_name, create) => {
  let timed: TimedStore
  let take: (checks: readonly LimitCheck[], cost?: number) => Promise<LimitVerdict>

  beforeAll(async () => {
    timed = await create()
    take = async (checks, cost) => await timed.store.take(checks, cost)
  })

  afterAll(() => timed.close())

  async function admitted(check: LimitCheck, times: number): Promise<number> {
    let count = 0
    for (let time = 0; time < times; time++) if ((await take([check])).allowed) count++
    return count
  }

  it('admits a window up to its limit and says what is left', async () => {
    const check = perMinute(3)
    const seen: LimitVerdict[] = []
    for (let time = 0; time < 4; time++) seen.push(await take([check]))
    expect(seen.map((verdict) => verdict.allowed)).toEqual([true, true, true, false])
    expect(seen.map((verdict) => verdict.states[0]!.remaining)).toEqual([2, 1, 0, 0])
    expect(seen[0]!.states[0]!.retryAfterMs).toBe(0)
    expect(seen[3]!.states[0]!.retryAfterMs).toBeGreaterThan(60_000)
    expect(seen[3]!.states[0]!.retryAfterMs).toBeLessThanOrEqual(61_000)
  })

  it('admits again what leaves the window, piece by piece', async () => {
    const check = perMinute(3)
    await take([check], 2)
    await timed.advance(30_000)
    await take([check])
    await timed.advance(29_999)
    expect(await admitted(check, 5)).toBe(0)
    await timed.advance(1001)
    expect(await admitted(check, 5)).toBe(2)
    await timed.advance(30_000)
    expect(await admitted(check, 5)).toBe(1)
  })

  it('starts afresh after a silence longer than the window', async () => {
    const check = perMinute(3)
    await admitted(check, 3)
    await timed.advance(600_000)
    expect(await admitted(check, 5)).toBe(3)
  })

  it('admits whoever waits as long as it was told', async () => {
    for (const check of [perMinute(2), cells(7, 2)]) {
      await admitted(check, 2)
      const refused = await take([check])
      await timed.advance(refused.states[0]!.retryAfterMs - 1)
      expect((await take([check])).allowed).toBe(false)
      await timed.advance(1)
      expect((await take([check])).allowed).toBe(true)
    }
  })

  it('does not count what it refuses', async () => {
    const check = perMinute(5)
    await admitted(check, 5)
    for (let step = 0; step < 7; step++) {
      await admitted(check, 20)
      await timed.advance(8_000)
    }
    await timed.advance(5_000)
    expect(await admitted(check, 10)).toBe(5)
  })

  it('admits the burst of a rate at once and then one per cell', async () => {
    const check = cells(10, 5)
    expect(await admitted(check, 8)).toBe(5)
    const refused = await take([check])
    expect(refused.states[0]).toEqual({ allowed: false, remaining: 0, resetMs: 30_000, retryAfterMs: 6000 })
    await timed.advance(6000)
    expect(await admitted(check, 3)).toBe(1)
    await timed.advance(60_000)
    expect(await admitted(check, 8)).toBe(5)
  })

  it('counts all checks of a call or none', async () => {
    const [wide, narrow, rate] = [perMinute(100), perMinute(2), cells(10, 50)]
    for (let time = 0; time < 5; time++) await take([wide, narrow, rate])
    const { allowed, states } = await take([wide, narrow, rate])
    expect(allowed).toBe(false)
    expect(states.map((state) => state.allowed)).toEqual([true, false, true])
    expect(states.map((state) => state.remaining)).toEqual([98, 0, 48])
  })

  it('takes a cost at once, and peeks with a cost of nothing', async () => {
    for (const check of [perMinute(10), cells(10, 10)]) {
      expect((await take([check], 0)).states[0]).toEqual({
        allowed: true,
        remaining: 10,
        resetMs: 0,
        retryAfterMs: 0,
      })
      expect((await take([check], 7)).states[0]!.remaining).toBe(3)
      expect((await take([check], 4)).allowed).toBe(false)
      expect((await take([check], 0)).states[0]!.remaining).toBe(3)
      expect((await take([check], 3)).states[0]!.remaining).toBe(0)
    }
  })

  it('never admits a cost above the limit', async () => {
    for (const check of [perMinute(10), cells(10, 10)]) {
      const { allowed, states } = await take([check], 11)
      expect(allowed).toBe(false)
      expect(states[0]).toMatchObject({ allowed: false, remaining: 10, retryAfterMs: 60_000 })
    }
  })

  it('counts the same key once, however often a call names it', async () => {
    for (const check of [perMinute(4), cells(4, 4)]) {
      const { states } = await take([check, check])
      expect(states.map((state) => state.remaining)).toEqual([3, 3])
      expect((await take([check, check])).states.map((state) => state.remaining)).toEqual([2, 2])
    }
  })

  it('keeps keys apart whatever is in them', async () => {
    const odd = [
      'a:b',
      'a',
      'b',
      '{a}:b',
      'a\nb',
      'a b',
      'a\0b',
      '',
      '\u00e9',
      'e\u0301',
      'x'.repeat(5000),
      '=a',
      '#a',
    ]
    for (const key of odd) await take([perMinute(5, key)], 5)
    for (const key of odd) expect((await take([perMinute(5, key)])).allowed).toBe(false)
    for (const key of odd) expect((await take([cells(5, 5, key)])).states[0]!.remaining).toBe(4)
    for (const key of odd) expect((await take([perMinute(5, `${key}.`)])).states[0]!.remaining).toBe(4)
  })

  it('keeps what was counted when only the limit changes', async () => {
    const key = newKey()
    await take([perMinute(10, key)], 8)
    expect((await take([perMinute(5, key)])).states[0]).toMatchObject({ allowed: false, remaining: 0 })
    expect((await take([perMinute(20, key)])).states[0]!.remaining).toBe(11)
  })

  it('admits a call without checks', async () => {
    expect(await take([])).toEqual({ allowed: true, states: [] })
  })
})

describe('two processes on one Redis', () => {
  it('admit together exactly 600 of 1000 at 600 a minute', async () => {
    const program = fileURLToPath(new URL('../unit/store/take-many.ts', import.meta.url))
    const key = newKey()
    const admitted = await Promise.all(
      [1, 2].map(async () => {
        const taker = spawn(process.execPath, [program, redis.url, redis.keyPrefix, key, '500'])
        let output = ''
        taker.stdout.on('data', (chunk) => {
          output += chunk
        })
        await once(taker, 'close')
        return Number(output)
      }),
    )
    expect(admitted[0]! + admitted[1]!).toBe(600)
    expect(Math.min(...admitted)).toBeGreaterThan(0)
  })
})
