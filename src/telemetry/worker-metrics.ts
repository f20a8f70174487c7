// The metrics of all workers of a node as one: what is counted goes on when a worker dies, its gauges end with it.
import type { Labels } from '../plugin.ts'
import type { Instrument, Merge } from './instruments.ts'
import type { MetricRegistry } from './metric-registry.ts'
import type { FamilyReport, MetricReport } from './metric-report.ts'
import { labelText } from './series.ts'

type Gauge = readonly [Labels, number]

export class WorkerMetrics {
  readonly #registry: MetricRegistry
  /** Metric -> worker -> its values of now. */
  readonly #gauges = new Map<string, Map<number, readonly Gauge[]>>()

  constructor(registry: MetricRegistry) {
    this.#registry = registry
  }

  add(worker: number, { whole, families, released }: MetricReport): void {
    // A gauge that is not in a whole report is no more.
    if (whole) this.forget(worker)
    for (const family of families) {
      if (family.instrument.kind === 'gauge') this.#keepGauge(worker, family)
      else this.#count(family)
    }
    for (const [name, labels] of released) this.#registry.releaseNamed(name, labels)
  }

  /** The worker is gone. */
  forget(worker: number): void {
    for (const values of this.#gauges.values()) values.delete(worker)
  }

  #count({ instrument, points }: FamilyReport): void {
    for (const [labels, amount] of points) {
      if (typeof amount === 'number') this.#registry.bindCounter(instrument, labels).add(amount)
      else this.#registry.bindHistogram(instrument, labels).merge(amount.counts, amount.sum)
    }
  }

  #keepGauge(worker: number, { instrument, points }: FamilyReport): void {
    let values = this.#gauges.get(instrument.name)
    if (!values) {
      const added = new Map<number, readonly Gauge[]>()
      this.#gauges.set(instrument.name, added)
      this.#registry.listValues(instrument, () => merged(instrument, added.values()))
      values = added
    }
    values.set(worker, points as readonly Gauge[])
  }
}

function merged({ merge = 'sum' }: Instrument, workers: Iterable<readonly Gauge[]>): Iterable<Gauge> {
  const all = new Map<string, Gauge>()
  for (const [labels, value] of [...workers].flat()) {
    const key = labelText(labels)
    const known = all.get(key)
    all.set(key, [labels, known === undefined ? value : combine(merge, known[1], value)])
  }
  return all.values()
}

function combine(merge: Merge, a: number, b: number): number {
  if (merge === 'max') return Math.max(a, b)
  return merge === 'min' ? Math.min(a, b) : a + b
}
