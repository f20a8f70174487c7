// From what the generator read to what a request cost.
import { describe, expect, it } from 'vitest'
import type { ClosedLoopReport } from '../../../../bench/load/orders.ts'
import { summarizeRound } from '../../../../bench/scenarios/closed-round.ts'
import { metricSum, metricValue } from '../../../../bench/scenarios/metric.ts'

const REPORT: ClosedLoopReport = {
  slices: [
    { ms: 500, answered: 10_000, cpuMs: { self: 400, redis: 50 }, core: { busyMs: 450, stolenMs: 10 } },
    { ms: 500, answered: 30_000, cpuMs: { self: 400, redis: 150 }, core: { busyMs: 400, stolenMs: 0 } },
  ],
  rssBytes: { self: 5e7, redis: 1e7 },
  generatorCpuMs: 400,
  failures: { count: 0, examples: [] },
}

describe('a round', () => {
  it('divides the CPU time of all slices by all their answers', () => {
    const round = summarizeRound(REPORT, true)
    expect(round.cpuUsPerRequest).toBe(20)
    expect(round.requestsPerSecond).toBe(40_000)
    expect(round.generatorUsPerRequest).toBe(10)
    expect(round.busy).toBe(0.8)
    expect(round.rssBytes).toBe(5e7)
  })

  it('keeps the time of helpers apart', () => {
    expect(summarizeRound(REPORT, true).helperUsPerRequest).toEqual({ redis: 5 })
  })

  it('calls foreign what its core did for others or lost to the machine underneath', () => {
    expect(summarizeRound(REPORT, true).foreign).toBeCloseTo(0.06)
    expect(summarizeRound(REPORT, false).foreign).toBe(0)
  })

  it('has no number when nothing was answered', () => {
    const slices = REPORT.slices.map((slice) => ({ ...slice, answered: 0 }))
    expect(summarizeRound({ ...REPORT, slices }, true).cpuUsPerRequest).toBeNaN()
  })

  it('tells how far its slices are apart', () => {
    const round = summarizeRound(REPORT, true)
    expect(round.sliceUsPerRequest[0]).toBe(40)
    expect(round.sliceUsPerRequest[1]).toBeCloseTo(13.33, 2)
    expect(round.spread).toBeCloseTo(1)
  })
})

describe('a metric', () => {
  const text = '# TYPE a gauge\na_total{outcome="applied"} 3\na 0.25\nab 9\n'

  it('is read by its whole name and labels', () => {
    expect(metricValue(text, 'a')).toBe(0.25)
    expect(metricValue(text, 'a_total{outcome="applied"}')).toBe(3)
  })

  it('is summed over its labels', () => {
    const labelled = 'n_total{a="x y"} 3\nn_total{a="z"} 4\nn_total_other 9\nn_totals 9\n'
    expect(metricSum(labelled, 'n_total')).toBe(7)
    expect(metricSum('n_total 2\n', 'n_total')).toBe(2)
  })

  it('is 0 when it is not there', () => {
    expect(metricValue(text, 'b')).toBe(0)
    expect(metricSum(text, 'b')).toBe(0)
  })
})
