import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import { createStores, partOf, type Stores } from '../../src/stores.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { type FakeRedis, integers, isScript, politely, startFakeRedis } from './store/fake-redis.ts'
import { realClock } from './store/real-clock.ts'
import { RecordingLogger, RecordingMeter } from './store/recorders.ts'

it('the parts of all workers make the total', () => {
  const parts = (total: number, workers: number) =>
    Array.from({ length: workers }, (_, at) => partOf({ slot: at + 1, workers })(total))
  expect(parts(10, 4)).toEqual([3, 3, 2, 2])
  expect(parts(100, 4)).toEqual([25, 25, 25, 25])
  expect(parts(0, 4)).toEqual([0, 0, 0, 0])
  expect(partOf(undefined)(10)).toBe(10)
})

it('each worker may do something where there is anything to do', () => {
  expect([1, 2, 3].map((slot) => partOf({ slot, workers: 3 })(2))).toEqual([1, 1, 1])
})

it('the workers of a node without Redis share the store that they are given', async () => {
  const nothing = () => {}
  const options = {
    redis: undefined,
    clock: new FakeClock(),
    logger: { debug: nothing, info: nothing, warn: nothing, error: nothing },
    meter: { counter: () => ({ add: nothing }), gauge: nothing },
    random: () => 0,
  }
  const alone = await createStores(options)
  expect(alone.store).toBe(alone.localStore)
  expect(alone.nodes()).toBe(1)
  const store = createMemoryStore({ clock: options.clock })
  const check = { kind: 'window', key: 'a', limit: 2, windowMs: 1000 } as const
  const allowed: boolean[] = []
  for (const slot of [1, 2, 1]) {
    const worker = await createStores({ ...options, place: { slot, workers: 2, node: 'a', store } })
    expect(worker.nodes()).toBe(2)
    allowed.push((await worker.store.take([check])).allowed)
  }
  expect(allowed).toEqual([true, true, false])
})

describe('the stores of a gateway with Redis', () => {
  const CHECK = { kind: 'window', key: 'k', limit: 6000, windowMs: 60_000 } as const
  const PERMITS = 10

  let redis: FakeRedis
  let stores: Stores
  /** The cost, and what was given back, of each call of the limit script for the key. */
  let takes: { readonly cost: number; readonly rest: number }[]

  beforeEach(async () => {
    takes = []
    redis = await startFakeRedis((command) => {
      if (!isScript(command)) return politely(command)
      // The script's text or digest, the number of keys, the key, and what follows.
      const [cost, kind, , , , , rest] = command.slice(4)
      if (kind !== 'window') return kind === 'rate' ? integers(1, 1, 9, 9, 0) : ':1\r\n'
      takes.push({ cost: Number(cost), rest: Number(rest ?? 0) })
      return rest === undefined
        ? integers(1, 1, 5000, 60_000, 0)
        : integers(1, 1, 5000, 60_000, 0, PERMITS, 77, 60_000_000)
    })
    stores = await createStores({
      redis: redis.url,
      clock: realClock,
      logger: new RecordingLogger(),
      meter: new RecordingMeter(),
      random: () => 0.5,
    })
  })

  afterEach(() => redis.close())

  /** True when the answer came at once. */
  async function isLeased(): Promise<boolean> {
    const verdict = stores.store.take([CHECK])
    const atOnce = !(verdict instanceof Promise)
    await Promise.resolve(verdict).catch(() => undefined)
    return atOnce
  }

  it('lease what they share, and give it back before they leave', async () => {
    await vi.waitFor(async () => expect(await isLeased()).toBe(true), 5000)
    await stores.close()
    expect(takes.at(-1)).toEqual({ cost: 0, rest: PERMITS - 1 })
  })
})
