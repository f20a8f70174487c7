import { beforeEach, describe, expect, it } from 'vitest'
import { GatewayError, type LimitCheck, type LimitVerdict } from '../../../src/plugin.ts'
import type { LeaseTerms, LendingStore, LendingVerdict } from '../../../src/store/lease.ts'
import { createLeasingStore, type LeasingStore } from '../../../src/store/leasing-store.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { RecordingMeter } from './recorders.ts'
import { alignedKey, cells, perMinute } from './timed-stores.ts'

interface SharedCall {
  readonly checks: readonly LimitCheck[]
  readonly cost: number
  readonly terms: readonly LeaseTerms[] | undefined
}

/** A shared store that writes down what it is asked, and can be told to fail or to be slow. */
class WatchedSharedStore implements LendingStore {
  readonly shared = true
  readonly calls: SharedCall[] = []
  failing = false
  /** Instead of what the limits say. */
  answer: ((call: SharedCall) => LendingVerdict) | undefined
  readonly #inner: LendingStore
  readonly #clock: FakeClock
  delayMs = 0

  constructor(clock: FakeClock) {
    this.#clock = clock
    this.#inner = createMemoryStore({ clock })
  }

  async take(...[checks, cost = 1, terms]: Parameters<LendingStore['take']>): Promise<LendingVerdict> {
    const call = { checks, cost, terms }
    this.calls.push(call)
    if (this.failing) throw new GatewayError('STORE_UNAVAILABLE')
    const verdict = this.answer?.(call) ?? this.#inner.take(checks, cost, terms)
    if (this.delayMs > 0) {
      await new Promise<void>((resolve) => void this.#clock.after(this.delayMs, resolve))
    }
    return verdict
  }

  async left(check: LimitCheck): Promise<number> {
    return (await this.#inner.take([check], 0)).states[0]!.remaining
  }
}

let clock: FakeClock
let shared: WatchedSharedStore
let store: LeasingStore
let nodes: number
let meter: RecordingMeter

beforeEach(() => {
  clock = new FakeClock()
  shared = new WatchedSharedStore(clock)
  nodes = 1
  meter = new RecordingMeter()
  store = createLeasingStore({ store: shared, clock, meter, nodes: () => nodes })
})

async function take(times: number, ...checks: LimitCheck[]): Promise<LimitVerdict[]> {
  const verdicts: LimitVerdict[] = []
  for (let time = 0; time < times; time++) verdicts.push(await store.take(checks))
  return verdicts
}

describe('a key in demand', () => {
  it('is asked about less and less often, and is answered at once in between', async () => {
    const check = perMinute(6000)
    const verdicts = await take(64, check)
    expect(verdicts.every(({ allowed }) => allowed)).toBe(true)
    expect(shared.calls.length).toBeLessThan(9)
    expect(store.take([check])).not.toBeInstanceOf(Promise)
    expect(shared.calls.every(({ cost }) => cost === 1)).toBe(true)
  })

  it('takes ahead in one lease what it needed in the last', async () => {
    const check = perMinute(6000)
    await take(50, check)
    await clock.advance(4000)
    const before = shared.calls.length
    await take(50, check)
    expect(shared.calls.length - before).toBe(1)
    expect(shared.calls.at(-1)!.terms![0]!.wanted).toBeGreaterThanOrEqual(50)
  })

  it('gives back with the next lease what it did not spend', async () => {
    const check = perMinute(6000)
    await take(20, check)
    expect(await shared.left(check)).toBeLessThan(5980)
    await clock.advance(4000)
    await store.take([check])
    expect(shared.calls.at(-1)!.terms![0]!.rest).toBeGreaterThan(0)
    await store.close()
    expect(await shared.left(check)).toBe(6000 - 21)
  })

  it('tells what is left as the store said it, less what was spent since', async () => {
    const check = perMinute(6000)
    const verdicts = await take(30, check)
    expect(verdicts.map(({ states }) => states[0]!.remaining)).toEqual(
      Array.from({ length: 30 }, (_, at) => expect.toSatisfy((left: number) => left <= 5999 - at)),
    )
    await clock.advance(300)
    expect((await store.take([check])).states[0]).toMatchObject({ retryAfterMs: 0, resetMs: 63_700 })
  })

  it('holds no more than a twentieth of the limit, divided by the nodes', async () => {
    nodes = 4
    const check = perMinute(800)
    await take(100, check)
    expect(Math.max(...shared.calls.map(({ terms }) => terms?.[0]?.wanted ?? 0))).toBe(10)
    expect(new Set(shared.calls.flatMap(({ terms }) => terms?.[0]?.divisor ?? []))).toEqual(new Set([8]))
  })

  it('is asked about each time in the last quarter of its limit, so that all of it is used', async () => {
    const check = perMinute(600)
    const verdicts = await take(700, check)
    expect(verdicts.filter(({ allowed }) => allowed)).toHaveLength(600)
    const { terms } = shared.calls.at(-150)!
    expect(terms![0]!.wanted).toBeGreaterThan(0)
    expect(shared.calls.length).toBeGreaterThan(250)
    expect(shared.calls.length).toBeLessThan(320)
  })

  it('has its decisions counted by who made them', async () => {
    await take(40, perMinute(6000))
    const [leased, asked] = ['lease', 'store'].map((by) => meter.count('store_takes_total', { by }))
    expect(asked).toBe(shared.calls.length)
    expect(leased! + asked!).toBe(40)
  })

  it('works for a rate alike', async () => {
    const check = cells(6000, 1000)
    await take(64, check)
    expect(shared.calls.length).toBeLessThan(9)
    await clock.advance(250)
    expect(store.take([check])).toBeInstanceOf(Promise)
  })
})

describe('a key that goes on being used', () => {
  it('is leased anew as soon as its lease has ended: no request asks for it', async () => {
    const check = perMinute(6000)
    await take(12, check)
    for (let lease = 0; lease < 5; lease++) {
      await clock.advance(4020)
      for (let time = 0; time < 3; time++) expect(store.take([check])).not.toBeInstanceOf(Promise)
    }
    await store.close()
    expect(await shared.left(check)).toBe(6000 - 12 - 5 * 3)
  })

  it('shares one call with the others whose leases end at about the same time', async () => {
    const checks = Array.from({ length: 50 }, () => perMinute(6000))
    for (const check of checks) await take(4, check)
    shared.calls.length = 0
    await clock.advance(4020)
    expect(shared.calls.map(({ checks: asked, cost }) => [asked.length, cost])).toEqual([[50, 0]])
  })

  it('is leased anew in a moment of its own: those of a thousand consumers do not come at once', async () => {
    const checks = Array.from({ length: 1000 }, (_, at) => perMinute(6000, `consumer ${at}`))
    for (const check of checks) await take(4, check)
    shared.calls.length = 0
    await clock.advance(4020)
    const sizes = shared.calls.map(({ checks: asked }) => asked.length)
    // Not all: who asked shortly before the end of its slot was lent nothing.
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(800)
    expect(Math.max(...sizes)).toBeLessThan(25)
  })

  it('is not leased twice when a request was faster', async () => {
    const check = perMinute(6000)
    await take(12, check)
    shared.delayMs = 30
    await clock.advance(4000)
    const asked = store.take([check])
    shared.calls.length = 0
    await clock.advance(200)
    await asked
    expect(shared.calls).toEqual([])
  })

  it('is asked about by its requests when it could not be leased anew', async () => {
    const check = perMinute(6000)
    await take(12, check)
    shared.failing = true
    await clock.advance(4020)
    shared.failing = false
    const asked = store.take([check])
    expect(asked).toBeInstanceOf(Promise)
    expect((await asked).allowed).toBe(true)
    expect(store.take([check])).not.toBeInstanceOf(Promise)
  })

  it('holds nothing beyond the end, although it was being leased anew', async () => {
    const check = perMinute(6000)
    await take(12, check)
    shared.delayMs = 30
    await clock.advance(4020)
    const closed = store.close()
    await clock.advance(100)
    await closed
    expect(await shared.left(check)).toBe(6000 - 12)
    expect(clock.timers).toBe(0)
  })

  it('is lent nothing of the last quarter, and refuses nobody else in the call', async () => {
    const [spent, fresh] = [perMinute(600), perMinute(6000)]
    await take(40, spent)
    await take(12, fresh)
    while ((await shared.take([spent])).allowed);
    shared.calls.length = 0
    await clock.advance(4020)
    expect(shared.calls.map(({ checks }) => checks.length)).toEqual([2])
    expect(store.take([fresh])).not.toBeInstanceOf(Promise)
    expect(store.take([spent])).toBeInstanceOf(Promise)
  })
})

describe('the end of a lease', () => {
  const HUNDRED_MS = 100_000

  beforeEach(async () => {
    shared.answer = ({ checks, terms }) => ({
      allowed: true,
      states: checks.map(() => ({ allowed: true, remaining: 500, resetMs: 1000, retryAfterMs: 0 })),
      leases: checks.map((_, at) => ({ permits: terms?.[at]?.wanted ? 10 : 0, slot: 7, forUs: HUNDRED_MS })),
    })
  })

  it('is counted from when it was asked for, however long the answer took', async () => {
    const check = perMinute(6000)
    await take(1, check)
    shared.delayMs = 40
    const asked = store.take([check])
    await clock.advance(40)
    await asked
    await clock.advance(59.8)
    expect(store.take([check])).not.toBeInstanceOf(Promise)
    await clock.advance(0.2)
    expect(store.take([check])).toBeInstanceOf(Promise)
  })

  it('comes a thousandth early: two clocks may run differently', async () => {
    const check = perMinute(6000)
    await take(2, check)
    await clock.advance(99.89)
    expect(store.take([check])).not.toBeInstanceOf(Promise)
    await clock.advance(0.02)
    expect(store.take([check])).toBeInstanceOf(Promise)
  })
})

describe('what is not leased', () => {
  it.each([
    ['a limit so small that a part of it is nothing', () => [perMinute(39)]],
    ['a burst so small', () => [cells(10_000, 39)]],
    ['a limit that is to be exact', () => [{ ...perMinute(6000), exact: true }]],
    ['a call with an exact limit in it', () => [perMinute(6000), { ...perMinute(6000), exact: true }]],
    ['a call with the same limit twice', () => [perMinute(6000, 'twice'), perMinute(6000, 'twice')]],
    ['a key that is too long to be kept', () => [perMinute(6000, 'x'.repeat(513))]],
  ])('is asked about each time: %s', async (_what, checks) => {
    await take(30, ...checks())
    expect(shared.calls.map(({ cost, terms }) => ({ cost, terms }))).toEqual(
      Array(30).fill({ cost: 1, terms: undefined }),
    )
  })

  it('is a key with a request now and then', async () => {
    const check = perMinute(6000)
    for (let time = 0; time < 20; time++) {
      await store.take([check])
      await clock.advance(4100)
    }
    expect(shared.calls.every(({ terms }) => terms === undefined)).toBe(true)
  })

  it('is a hot limit beside one that is cold: the store is asked anyway', async () => {
    const global = perMinute(60_000)
    for (let time = 0; time < 50; time++) await store.take([perMinute(6000), global])
    expect(shared.calls).toHaveLength(50)
    expect(shared.calls.every(({ terms }) => terms === undefined)).toBe(true)
  })

  it('is another limit under the same key', async () => {
    const check = perMinute(6000)
    await take(30, check)
    const before = shared.calls.length
    await take(10, { ...check, limit: 9000 })
    await take(10, { ...check, windowMs: 1000 })
    await take(10, cells(6000, 6000, check.key))
    expect(shared.calls).toHaveLength(before + 30)
  })
})

describe('several limits of one request', () => {
  it('are all leased, or none', async () => {
    const [one, two] = [perMinute(6000), cells(9000, 900)]
    await take(100, one, two)
    expect(shared.calls.length).toBeLessThan(15)
    await store.close()
    expect(await shared.left(one)).toBe(5900)
    expect(await shared.left(two)).toBe(800)
  })

  it('take nothing from a lease when the store refuses another', async () => {
    const [wide, narrow] = [perMinute(6000), perMinute(5)]
    await take(40, wide)
    await take(20, wide, narrow)
    await store.close()
    expect(await shared.left(wide)).toBe(6000 - 40 - 5)
    expect(await shared.left(narrow)).toBe(0)
  })

  it('take nothing from a lease when the store cannot be asked about another', async () => {
    const [wide, narrow] = [perMinute(6000), perMinute(500)]
    await take(40, wide)
    shared.failing = true
    for (let time = 0; time < 5; time++) await expect(store.take([wide, narrow])).rejects.toThrow()
    shared.failing = false
    await store.close()
    expect(await shared.left(wide)).toBe(5960)
  })

  it('are answered in their order', async () => {
    const [wide, narrow] = [perMinute(6000), perMinute(5)]
    await take(40, wide)
    const verdicts = await take(6, wide, narrow)
    expect(verdicts[5]!.states.map(({ allowed }) => allowed)).toEqual([true, false])
    expect(verdicts.map(({ states }) => states[1]!.remaining)).toEqual([4, 3, 2, 1, 0, 0])
    expect(verdicts[5]!.states[0]!.remaining).toBeGreaterThan(5900)
  })
})

describe('while a lease is on its way', () => {
  it('further requests are counted one by one, and no second lease is asked for', async () => {
    const check = perMinute(6000)
    await take(20, check)
    await clock.advance(4000)
    shared.calls.length = 0
    shared.delayMs = 5
    const waiting = Array.from({ length: 8 }, () => store.take([check]))
    await clock.advance(5)
    await Promise.all(waiting)
    expect(shared.calls.filter(({ terms }) => terms !== undefined)).toHaveLength(1)
    expect(shared.calls).toHaveLength(8)
    expect(store.take([check])).not.toBeInstanceOf(Promise)
  })
})

describe('when the store is down', () => {
  it('a lease is spent to its end, and then the store is asked again', async () => {
    const check = perMinute(6000)
    await take(32, check)
    shared.failing = true
    const outcomes: string[] = []
    for (let time = 0; time < 64; time++) {
      outcomes.push(
        await Promise.resolve(store.take([check])).then(
          () => 'admitted',
          () => 'failed',
        ),
      )
    }
    const admitted = outcomes.indexOf('failed')
    expect(admitted).toBeGreaterThan(10)
    expect(new Set(outcomes.slice(admitted))).toEqual(new Set(['failed']))
    shared.failing = false
    await take(1, check)
    expect(store.take([check])).not.toBeInstanceOf(Promise)
  })
})

describe('what a node holds', () => {
  it('goes back with the second lease that ends unasked for, and nothing is left running', async () => {
    const keys = Array.from({ length: 100 }, () => alignedKey())
    for (const key of keys) await take(12, perMinute(6000, key))
    expect(await shared.left(perMinute(6000, keys[0]!))).toBeLessThan(5988)
    shared.calls.length = 0
    await clock.advance(8020)
    // 64 keys a call: once taken anew, as they had been in use, and once given back.
    expect(shared.calls.map(({ checks, cost }) => [checks.length, cost])).toEqual([
      [64, 0],
      [36, 0],
      [64, 0],
      [36, 0],
    ])
    for (const key of keys) expect(await shared.left(perMinute(6000, key))).toBe(5988)
    await clock.advance(2000)
    expect(clock.timers).toBe(0)
  })

  it('is bounded: beyond ten thousand keys the store is asked each time', async () => {
    for (let key = 0; key < 10_000; key++) await take(1, perMinute(6000, `flood ${key}`))
    const check = perMinute(6000)
    shared.calls.length = 0
    await take(20, check)
    expect(shared.calls).toHaveLength(20)
    await clock.advance(9000)
    shared.calls.length = 0
    await take(20, check)
    expect(shared.calls.length).toBeLessThan(10)
  })

  it('is given back at the end, and nothing is leased afterwards', async () => {
    const checks = [perMinute(6000), cells(6000, 600)]
    for (const check of checks) await take(20, check)
    await store.close()
    expect(clock.timers).toBe(0)
    expect(await shared.left(checks[0]!)).toBe(5980)
    expect(await shared.left(checks[1]!)).toBe(580)
    shared.calls.length = 0
    await take(20, ...checks)
    expect(shared.calls).toHaveLength(20)
    expect(clock.timers).toBe(0)
  })

  it('is given up when it cannot be given back', async () => {
    await take(20, perMinute(6000))
    shared.failing = true
    await expect(store.close()).resolves.toBeUndefined()
  })
})

it('admits a call without checks, and says whether it is shared', () => {
  expect(store.take([])).toEqual({ allowed: true, states: [] })
  expect(store.shared).toBe(true)
})
