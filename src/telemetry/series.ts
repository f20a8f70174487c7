// What one label set of one metric holds: a counter, a gauge or a histogram.
import type { Counter, Labels } from '../plugin.ts'
import { DURATION_BUCKETS } from './instruments.ts'

export interface Series {
  readonly labels: Labels
  /** `a="b",c="d"`, escaped once, when the series is made. */
  readonly labelText: string
}

export class CounterSeries implements Series, Counter {
  readonly labels: Labels
  readonly labelText: string
  value = 0

  constructor(labels: Labels) {
    this.labels = labels
    this.labelText = labelText(labels)
  }

  /** A counter never goes down, and one NaN would spoil it for ever: such amounts are ignored. */
  add(amount = 1): void {
    if (amount > 0) this.value += amount
  }
}

export class ObservedSeries implements Series {
  readonly labels: Labels
  readonly labelText: string
  read: () => number

  constructor(labels: Labels, read: () => number) {
    this.labels = labels
    this.labelText = labelText(labels)
    this.read = read
  }

  /** A callback that throws spoils its own value, not the collection. */
  get value(): number {
    try {
      return this.read()
    } catch {
      return Number.NaN
    }
  }
}

export class HistogramSeries implements Series {
  readonly labels: Labels
  readonly labelText: string
  /** Per bucket, not cumulative; the last one is everything above the last bound. */
  readonly counts = new Float64Array(DURATION_BUCKETS.length + 1)
  sum = 0

  constructor(labels: Labels) {
    this.labels = labels
    this.labelText = labelText(labels)
  }

  record(seconds: number): void {
    // One NaN or Infinity would make the sum useless for ever.
    const value = Number.isFinite(seconds) && seconds > 0 ? seconds : 0
    let bucket = 0
    while (bucket < DURATION_BUCKETS.length && value > DURATION_BUCKETS[bucket]!) bucket++
    this.counts[bucket]! += 1
    this.sum += value
  }

  /** Adds what another histogram of the same kind has counted. */
  merge(counts: readonly number[], sum: number): void {
    for (let bucket = 0; bucket < this.counts.length; bucket++) this.counts[bucket]! += counts[bucket] ?? 0
    this.sum += sum
  }

  get count(): number {
    let total = 0
    for (const count of this.counts) total += count
    return total
  }
}

/** Prometheus text format 0.0.4: backslash, double quote and line feed are escaped, all else is UTF-8. */
export function labelText(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',')
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}
