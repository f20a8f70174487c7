import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LimitCheck } from '../../../src/plugin.ts'
import type { LeaseTerms } from '../../../src/store/lease.ts'
import { fc, runs } from '../../support/property.ts'
import { type SharedRedis, sharedRedis } from '../../support/redis.ts'
import { newKey, timedMemoryStore, timedRedisStore } from './timed-stores.ts'

let redis: SharedRedis

beforeAll(async () => {
  redis = await sharedRedis()
})

afterAll(() => redis.stop())

describe('the two stores', () => {
  it('give the same verdict for any sequence of calls at the same times', async () => {
    const script = await timedRedisStore(redis)
    const check = fc.oneof(
      fc.record({
        limit: fc.integer({ min: 1, max: 8 }),
        windowMs: fc.constantFrom(60_000, 61_001, 100_000),
      }),
      fc.record({ limit: fc.integer({ min: 1, max: 8 }), burst: fc.integer({ min: 1, max: 6 }) }),
      fc.record({ limit: fc.integer({ min: 40, max: 400 }), burst: fc.integer({ min: 40, max: 400 }) }),
      fc.record({ limit: fc.integer({ min: 40, max: 400 }), windowMs: fc.constantFrom(60_000, 61_001) }),
    )
    const step = fc.record({
      gapMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 2500 }), fc.integer({ min: 0, max: 70_000 })),
      cost: fc.constantFrom(0, 1, 1, 1, 1, 2, 3),
      wanted: fc.option(fc.integer({ min: 0, max: 200 }), { nil: undefined }),
      divisor: fc.integer({ min: 1, max: 6 }),
      /** Out of a thousand permits of the last lease. */
      back: fc.integer({ min: 0, max: 1200 }),
    })
    const sequences = fc.asyncProperty(
      fc.array(check, { minLength: 1, maxLength: 3 }),
      fc.array(step, { minLength: 1, maxLength: 40 }),
      async (kinds, steps) => {
        // Aligned to the sub-buckets alike, the two must agree to the millisecond.
        const twin = await timedMemoryStore(script.nowMs())
        const checks = kinds.map((kind): LimitCheck => {
          const key = newKey()
          return 'windowMs' in kind
            ? { kind: 'window', key, ...kind }
            : { kind: 'rate', key, periodMs: 60_000, ...kind }
        })
        let rests: Pick<LeaseTerms, 'rest' | 'slot'>[] = checks.map(() => ({ rest: 0, slot: 0 }))
        for (const { gapMs, cost, wanted, divisor, back } of steps) {
          await Promise.all([twin.advance(gapMs), script.advance(gapMs)])
          const terms = wanted === undefined ? undefined : rests.map((one) => ({ ...one, wanted, divisor }))
          const verdict = await script.store.take(checks, cost, terms)
          expect(verdict).toEqual(await twin.store.take(checks, cost, terms))
          if (!verdict.leases) continue
          // Now and then more than was lent: a store must not believe it.
          rests = verdict.leases.map(({ permits, slot }) => ({
            rest: Math.ceil((permits * back) / 1000),
            slot,
          }))
        }
      },
    )
    await fc.assert(sequences, { numRuns: runs(60) })
    await script.close()
  })
})
