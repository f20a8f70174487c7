// Medians, spreads and ratios of rounds.

/** Of the middle one, or of the two in the middle. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)] ?? Number.NaN
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + upper) / 2 : upper
}

/** From the smallest to the largest, as a share of the median: 0.3 is 30 %. 0 of a single value. */
export function spread(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / median(values)
}

/** The median of value by value / reference. NaN in either stands for a round that did not take place. */
export function medianRatio(values: readonly number[], references: readonly number[]): number {
  const ratios = values.map((value, at) => value / (references[at] ?? Number.NaN))
  return median(ratios.filter((ratio) => Number.isFinite(ratio)))
}
