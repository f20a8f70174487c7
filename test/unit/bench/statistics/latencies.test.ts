// Percentiles by nearest rank, and the summary that the tables are made from.
import { describe, expect, it } from 'vitest'
import { percentile, summarizeLatencies } from '../../../../bench/statistics/latencies.ts'
import { fc } from '../../../support/property.ts'

const upTo = (last: number) => Array.from({ length: last }, (_, at) => at + 1)

describe('percentile', () => {
  it('is the smallest value that the share of all values does not exceed', () => {
    expect(percentile(upTo(100), 50)).toBe(50)
    expect(percentile(upTo(100), 99)).toBe(99)
    expect(percentile(upTo(10_000), 99.9)).toBe(9990)
  })

  it('is an existing value, also between two ranks', () => {
    expect(percentile([1, 2, 3], 50)).toBe(2)
    expect(percentile([1, 2], 50)).toBe(1)
  })

  it('is the largest at 100 and the smallest at 0', () => {
    expect(percentile([3, 5, 8], 100)).toBe(8)
    expect(percentile([3, 5, 8], 0)).toBe(3)
  })

  it('is no number of no values', () => {
    expect(percentile([], 99)).toBeNaN()
  })

  it('leaves at most the rest of the values above it', () => {
    const values = fc.array(fc.double({ noNaN: true }), { minLength: 1 })
    fc.assert(
      fc.property(values, fc.constantFrom(50, 90, 99, 99.9), (given, percent) => {
        const sorted = Float64Array.from(given).sort()
        const found = percentile(sorted, percent)
        const notAbove = sorted.filter((value) => value <= found).length
        expect(notAbove * 1000).toBeGreaterThanOrEqual(Math.round(percent * 10) * sorted.length)
      }),
    )
  })
})

describe('summarizeLatencies', () => {
  it('sorts and says what a thousand latencies come to', () => {
    const shuffled = Float64Array.from(upTo(1000), (value) => ((value * 7919) % 1000) + 1)
    expect(summarizeLatencies(shuffled)).toEqual({
      count: 1000,
      p50Ms: 500,
      p90Ms: 900,
      p99Ms: 990,
      p999Ms: 999,
      maxMs: 1000,
    })
  })
})
