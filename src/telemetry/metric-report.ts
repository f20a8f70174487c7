// What a worker tells its primary of its metrics: how much was counted since the last time, and its gauges.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Labels } from '../plugin.ts'
import type { Instrument } from './instruments.ts'
import type { MetricRegistry } from './metric-registry.ts'
import { HistogramSeries, type Series } from './series.ts'

/** A turn of the event loop looks at as many as half a millisecond allows. */
const SERIES_PER_TURN = 1000

/** Of a histogram: what was added to each bucket, and to the sum. */
export type Amount = number | { readonly counts: readonly number[]; readonly sum: number }

export interface FamilyReport {
  readonly instrument: Instrument
  readonly points: readonly (readonly [Labels, Amount])[]
}

/** Plain data. */
export interface MetricReport {
  /** With the gauges. */
  readonly whole: boolean
  readonly families: readonly FamilyReport[]
  /** Name and label text of series that there are no more, such as those of a target that is gone. */
  readonly released: readonly (readonly [string, string])[]
}

export class MetricReporter {
  readonly #registry: MetricRegistry
  readonly #worker: string
  /** What has been reported of each series. */
  readonly #reported = new WeakMap<Series, { value: number; counts: Float64Array }>()
  #last: Promise<unknown> = Promise.resolve()
  #released: (readonly [string, string])[] = []

  constructor(registry: MetricRegistry, worker: string) {
    this.#registry = registry
    this.#worker = worker
    registry.onRelease = (...dropped) => this.#released.push(dropped)
  }

  /** Without gauges where they are not shown: some start anew when they are read. */
  take(whole: boolean): Promise<MetricReport> {
    // One after the other: what one report holds, the next one lacks.
    const report = this.#last.then(() => this.#take(whole))
    this.#last = report
    return report
  }

  async #take(whole: boolean): Promise<MetricReport> {
    const families: FamilyReport[] = []
    let looked = 0
    const wanted = ({ kind, merge }: Instrument) => merge !== 'node' && (whole || kind !== 'gauge')
    for (const { instrument, series } of [...this.#registry.collect(wanted)]) {
      const points: (readonly [Labels, Amount])[] = []
      for (const one of series.values()) {
        const amount = this.#amount(instrument, one)
        if (amount !== undefined) points.push([this.#labels(instrument, one), amount])
        if (++looked % SERIES_PER_TURN === 0) await nextTurn()
      }
      if (points.length > 0) families.push({ instrument, points })
    }
    const released = this.#released
    this.#released = []
    return { whole, families, released }
  }

  #labels({ merge }: Instrument, { labels }: Series): Labels {
    return merge === 'each' ? { ...labels, worker: this.#worker } : labels
  }

  /** Undefined when there is nothing to tell. */
  #amount({ kind }: Instrument, series: Series): Amount | undefined {
    if (series instanceof HistogramSeries) return this.#added(series)
    const { value = Number.NaN } = series as Series & { readonly value?: number }
    if (!Number.isFinite(value)) return undefined
    return kind === 'gauge' ? value : this.#counted(series, value)
  }

  #counted(series: Series, value: number): number | undefined {
    const known = this.#reported.get(series)
    if (!known) this.#reported.set(series, { value, counts: new Float64Array() })
    const amount = value - (known?.value ?? 0)
    if (known) known.value = value
    return known && amount <= 0 ? undefined : amount
  }

  #added(series: HistogramSeries): Amount | undefined {
    const known = this.#reported.get(series)
    const before = known ?? { value: 0, counts: new Float64Array(series.counts.length) }
    const counts = Array.from(series.counts, (count, bucket) => count - before.counts[bucket]!)
    if (!counts.some((count) => count > 0)) return undefined
    const sum = series.sum - before.value
    this.#reported.set(series, { value: series.sum, counts: series.counts.slice() })
    return { counts, sum }
  }
}
