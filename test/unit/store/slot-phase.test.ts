import { describe, expect, it } from 'vitest'
import type { LimitCheck } from '../../../src/plugin.ts'
import { slotPhaseUs } from '../../../src/store/slot-phase.ts'

const COUNT = 1000
const TENTHS = 10

const perMinute = (key: string): LimitCheck => ({ kind: 'window', key, limit: 10, windowMs: 60_000 })
const cells = (key: string): LimitCheck => ({ kind: 'rate', key, limit: 10, periodMs: 1000, burst: 10 })

function tenthsOf(phases: readonly number[], leaseUs: number): readonly number[] {
  const counts = Array<number>(TENTHS).fill(0)
  for (const phase of phases) counts[Math.floor((phase / leaseUs) * TENTHS)]!++
  return counts
}

describe('the leases of a thousand keys', () => {
  it.each([
    ['numbered consumers', (at: number) => `is:user-${at}`],
    ['addresses of one network', (at: number) => `ip:10.0.${at >> 8}.${at & 255}`],
    ['names that end alike', (at: number) => `is:${at}@example.com`],
  ])('end evenly over the length of a lease: %s', (_what, keyOf) => {
    const keys = Array.from({ length: COUNT }, (_, at) => keyOf(at))
    const windows = tenthsOf(
      keys.map((key) => slotPhaseUs(perMinute(key))),
      4_000_000,
    )
    const rates = tenthsOf(
      keys.map((key) => slotPhaseUs(cells(key))),
      250_000,
    )
    for (const count of [...windows, ...rates]) {
      expect(count).toBeGreaterThan(50)
      expect(count).toBeLessThan(150)
    }
  })
})

it('a key begins its slots at the same time whatever its limit is: a reload that changes it forgets nothing', () => {
  expect(slotPhaseUs({ ...perMinute('a'), limit: 99 } as LimitCheck)).toBe(slotPhaseUs(perMinute('a')))
  expect(slotPhaseUs({ ...cells('a'), limit: 99, burst: 7 } as LimitCheck)).toBe(slotPhaseUs(cells('a')))
})
