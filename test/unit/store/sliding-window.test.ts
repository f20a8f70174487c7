import { describe, expect, it } from 'vitest'
import type { WindowCheck } from '../../../src/plugin.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { SUB_BUCKETS, subBucketUs } from '../../../src/store/sliding-window.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { fc, runs } from '../../support/property.ts'

/** A clock that a property can set without waiting for promises. */
class SteppedClock extends FakeClock {
  nowMs = 0

  override now(): number {
    return this.nowMs
  }
}

interface Arrival {
  readonly atMs: number
  readonly admitted: boolean
  readonly retryAfterMs: number
}

const pattern = fc.record({
  limit: fc.integer({ min: 1, max: 20 }),
  windowMs: fc.constantFrom(1000, 1001, 7000, 60_000),
  startMs: fc.double({ min: 0, max: 100_000, noNaN: true }),
  // Bursts, gaps about one sub-bucket long and gaps about one window long, as shares of the window.
  gaps: fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 3, arbitrary: fc.double({ min: 0, max: 2 / SUB_BUCKETS, noNaN: true }) },
      { weight: 2, arbitrary: fc.double({ min: 0, max: 0.3, noNaN: true }) },
      { weight: 1, arbitrary: fc.double({ min: 0.9, max: 1.1, noNaN: true }) },
    ),
    { minLength: 1, maxLength: 120 },
  ),
})

function play({ limit, windowMs, startMs, gaps }: typeof pattern extends fc.Arbitrary<infer T> ? T : never) {
  const clock = new SteppedClock()
  const store = createMemoryStore({ clock })
  const check: WindowCheck = { kind: 'window', key: 'k', limit, windowMs }
  clock.nowMs = startMs
  return gaps.map((gap): Arrival => {
    clock.nowMs += gap * windowMs
    const { allowed, states } = store.take([check])
    // What the store sees: whole microseconds.
    return {
      atMs: Math.floor(clock.nowMs * 1000) / 1000,
      admitted: allowed,
      retryAfterMs: states[0]!.retryAfterMs,
    }
  })
}

describe('a window limit', () => {
  it('never admits more than the limit in any window, whatever the arrivals', () => {
    fc.assert(
      fc.property(pattern, (given) => {
        const admitted = play(given).filter((arrival) => arrival.admitted)
        for (const [at, last] of admitted.entries()) {
          const inWindow = admitted
            .slice(0, at + 1)
            .filter((other) => last.atMs - other.atMs <= given.windowMs)
          expect(inWindow.length).toBeLessThanOrEqual(given.limit)
        }
      }),
      { numRuns: runs(2000) },
    )
  })

  it('never refuses while fewer than the limit were admitted in the last window and one sub-bucket', () => {
    fc.assert(
      fc.property(pattern, (given) => {
        const arrivals = play(given)
        // The ring covers whole sub-buckets of whole microseconds: up to 60 us more than the window.
        const reachMs = ((SUB_BUCKETS + 1) * subBucketUs(given.windowMs)) / 1000
        for (const [at, arrival] of arrivals.entries()) {
          if (arrival.admitted) continue
          const before = arrivals.slice(0, at).filter((other) => other.admitted)
          const counted = before.filter((other) => arrival.atMs - other.atMs < reachMs)
          expect(counted.length).toBeGreaterThanOrEqual(given.limit)
        }
      }),
      { numRuns: runs(2000) },
    )
  })

  it('reaches back at most one sixtieth further than the window', () => {
    for (const windowMs of [1000, 1001, 60_000, 3_600_000, 86_400_000]) {
      const reachMs = ((SUB_BUCKETS + 1) * subBucketUs(windowMs)) / 1000
      expect(reachMs - windowMs).toBeLessThanOrEqual(windowMs / 60 + 0.061)
      expect((SUB_BUCKETS * subBucketUs(windowMs)) / 1000).toBeGreaterThanOrEqual(windowMs)
    }
  })

  it('says after how long the next request is admitted, neither too early nor a millisecond too late', () => {
    fc.assert(
      fc.property(pattern, (given) => {
        const arrivals = play(given)
        const refusedAt = arrivals.findIndex((arrival) => !arrival.admitted)
        if (refusedAt < 0) return
        const { retryAfterMs } = arrivals[refusedAt]!
        const until = { ...given, gaps: given.gaps.slice(0, refusedAt) }
        const later = (waitMs: number): boolean => {
          const last = given.gaps[refusedAt]! + waitMs / given.windowMs
          return play({ ...until, gaps: [...until.gaps, last] }).at(-1)!.admitted
        }
        expect(later(retryAfterMs + 0.001)).toBe(true)
        expect(later(Math.max(0, retryAfterMs - 1.002))).toBe(false)
      }),
      { numRuns: runs(500) },
    )
  })

  it('does not let a burst at the edge of two windows through twice', () => {
    const clock = new SteppedClock()
    const store = createMemoryStore({ clock })
    const take = () => store.take([{ kind: 'window', key: 'k', limit: 100, windowMs: 60_000 }]).allowed
    clock.nowMs = 59_999
    const before = Array.from({ length: 150 }, take).filter(Boolean).length
    clock.nowMs = 60_001
    const after = Array.from({ length: 150 }, take).filter(Boolean).length
    expect([before, after]).toEqual([100, 0])
  })
})
