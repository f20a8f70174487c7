// Medians, spreads and ratios of rounds. NaN stands for a round that gave no number, and is left out.

/** The middle one, or the mean of the two in the middle. NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = measured(values).toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)] ?? Number.NaN
  return Number.isInteger(middle) ? ((sorted[middle - 1] ?? Number.NaN) + upper) / 2 : upper
}

/** Infinity of nothing. */
export function lowest(values: readonly number[]): number {
  return Math.min(...measured(values))
}

/** From the smallest to the largest, as a share of the median: 0.3 is 30 %. 0 of a single value. */
export function spread(values: readonly number[]): number {
  return (Math.max(...measured(values)) - lowest(values)) / median(values)
}

/** The median of value by value / reference. */
export function medianRatio(values: readonly number[], references: readonly number[]): number {
  const ratios = values.map((value, at) => value / (references[at] ?? Number.NaN))
  return median(ratios)
}

function measured(values: readonly number[]): readonly number[] {
  return values.filter((value) => Number.isFinite(value))
}
