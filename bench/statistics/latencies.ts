// What a run of latencies comes to: exact percentiles by sorting all of them.

export interface LatencySummary {
  readonly count: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
}

/** Sorts the given array in place. */
export function summarizeLatencies(latenciesMs: Float64Array): LatencySummary {
  const sorted = latenciesMs.sort()
  return {
    count: sorted.length,
    p50Ms: percentile(sorted, 50),
    p90Ms: percentile(sorted, 90),
    p99Ms: percentile(sorted, 99),
    p999Ms: percentile(sorted, 99.9),
    maxMs: percentile(sorted, 100),
  }
}

/** Nearest rank: the smallest value that at least `percent` of all values do not exceed. NaN of nothing. */
export function percentile(sorted: ArrayLike<number>, percent: number): number {
  // Multiplied first: 99.9 / 100 is a little more than 0.999 and would go one rank too far.
  const rank = Math.ceil((sorted.length * Math.round(percent * 10)) / 1000)
  return sorted[Math.max(0, rank - 1)] ?? Number.NaN
}
