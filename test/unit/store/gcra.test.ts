import { describe, expect, it } from 'vitest'
import type { RateCheck } from '../../../src/plugin.ts'
import { RateBucket } from '../../../src/store/gcra.ts'
import { fc, runs } from '../../support/property.ts'

const perSecond = (limit: number, burst: number): RateCheck => ({
  kind: 'rate',
  key: 'k',
  limit,
  periodMs: 1000,
  burst,
})

/** Takes one at `nowUs`: 0 when it was admitted, else the microseconds to wait. */
function take(bucket: RateBucket, check: RateCheck, nowUs: number): number {
  const waitUs = bucket.waitUs(check, nowUs, 1)
  if (waitUs === 0) bucket.add(check, nowUs, 1)
  return waitUs
}

describe('a rate limit', () => {
  it('admits the burst at once and then one per period divided by limit', () => {
    const bucket = new RateBucket()
    const check = perSecond(10, 5)
    expect(Array.from({ length: 6 }, () => take(bucket, check, 0))).toEqual([0, 0, 0, 0, 0, 100_000])
    expect(take(bucket, check, 99_999)).toBe(1)
    expect(take(bucket, check, 100_000)).toBe(0)
    expect(take(bucket, check, 100_000)).toBe(100_000)
  })

  it('admits 1004 requests in 100 s at 10/s with a burst of 5', () => {
    const bucket = new RateBucket()
    const check = perSecond(10, 5)
    let admitted = 0
    for (let nowUs = 0; nowUs < 100_000_000; nowUs += 1000) if (take(bucket, check, nowUs) === 0) admitted++
    expect(admitted).toBe(1004)
  })

  it('admits no more in any interval than the burst and what drains meanwhile', () => {
    const arrivals = fc.array(fc.integer({ min: 0, max: 400_000 }), { minLength: 1, maxLength: 150 })
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 20 }),
        arrivals,
        (limit, burst, gaps) => {
          const bucket = new RateBucket()
          const check = perSecond(limit, burst)
          const admitted: number[] = []
          let nowUs = 1_000_000
          for (const gap of gaps) {
            nowUs += gap
            if (take(bucket, check, nowUs) === 0) admitted.push(nowUs)
          }
          for (const [from, first] of admitted.entries()) {
            for (const [count, last] of admitted.slice(from).entries()) {
              expect(count + 1).toBeLessThanOrEqual(burst + ((last - first) * limit) / 1_000_000 + 1e-6)
            }
          }
        },
      ),
      { numRuns: runs(300) },
    )
  })

  it('admits whoever waits as long as it was told, and not a microsecond earlier', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 997 }), fc.integer({ min: 1, max: 50 }), (limit, burst) => {
        const bucket = new RateBucket()
        const check = perSecond(limit, burst)
        let nowUs = 123_456
        for (let round = 0; round < burst + 20; round++) {
          const waitUs = take(bucket, check, nowUs)
          if (waitUs === 0) continue
          expect(bucket.waitUs(check, nowUs + waitUs - 1, 1)).toBeGreaterThan(0)
          expect(bucket.waitUs(check, nowUs + waitUs, 1)).toBe(0)
          nowUs += waitUs
        }
      }),
    )
  })

  it('keeps what was used when the rate changes, and forgets no more than a lowered burst can hold', () => {
    const bucket = new RateBucket()
    for (let taken = 0; taken < 40; taken++) take(bucket, perSecond(10, 50), 0)
    expect(bucket.state(perSecond(20, 50), 0, 0)).toMatchObject({ remaining: 10, resetMs: 2000 })
    expect(bucket.state(perSecond(10, 5), 0, 0)).toMatchObject({ remaining: 0, resetMs: 500 })
  })
})
