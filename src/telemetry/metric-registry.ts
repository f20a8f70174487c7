// All series of this process, by metric: bound once, read at collection, bounded in number.
import type { Labels, Meter } from '../plugin.ts'
import { INSTRUMENTS, type Instrument } from './instruments.ts'
import { CounterSeries, HistogramSeries, labelText, ObservedSeries, type Series } from './series.ts'

/** About 100 MB of histograms; 10,000 routes with ten outcomes each fit twice. */
const MAX_SERIES = 200_000
const METRIC_NAME = /^[a-z][a-z0-9_]{0,99}$/
const LABEL_NAME = /^[a-z][a-z0-9_]{0,49}$/
/** Added by histograms; as a label of a plugin it would make the text ambiguous. */
const RESERVED_LABEL = 'le'
const MAX_LABEL_LENGTH = 200
const ENGINE_NAMES: ReadonlySet<string> = new Set(Object.values(INSTRUMENTS).map(({ name }) => name))

export interface Family {
  readonly instrument: Instrument
  readonly series: ReadonlyMap<string, Series>
}

type ListedValues = () => Iterable<readonly [Labels, number]>

interface OpenFamily extends Family {
  readonly series: Map<string, Series>
  list?: ListedValues
}

export class MetricRegistry implements Meter {
  readonly #families = new Map<string, OpenFamily>()
  readonly #maxSeries: number
  #size = 0
  #dropped = 0
  /** Told of what `release` has dropped. */
  onRelease: (name: string, labelText: string) => void = () => {}
  /** Waited for before all series are shown: where a part of them is kept elsewhere. */
  refresh: () => Promise<void> = () => Promise.resolve()

  constructor(maxSeries: number = MAX_SERIES) {
    this.#maxSeries = maxSeries
    this.observe(INSTRUMENTS.seriesDropped, () => this.#dropped)
  }

  /** The contract of plugins: `retries` becomes `gateway_retries_total`. */
  counter(name: string, description: string, labels: Labels = {}): CounterSeries {
    const full = name.endsWith('_total') ? `gateway_${name}` : `gateway_${name}_total`
    return this.bindCounter(
      named({ name: full, kind: 'counter', help: description, labels: keys(labels) }),
      cut(labels),
    )
  }

  gauge(...[name, help, read, labels = {}, merge = 'sum']: Parameters<Meter['gauge']>): void {
    const instrument = named({ name: `gateway_${name}`, kind: 'gauge', help, labels: keys(labels), merge })
    this.observe(instrument, read, cut(labels))
  }

  bindCounter(instrument: Instrument, labels: Labels = {}): CounterSeries {
    return this.#bind(instrument, new CounterSeries(labels))
  }

  bindHistogram(instrument: Instrument, labels: Labels = {}): HistogramSeries {
    return this.#bind(instrument, new HistogramSeries(labels))
  }

  /** Read at collection, for gauges and for counters that are kept elsewhere. Registering again replaces `read`. */
  observe(instrument: Instrument, read: () => number, labels: Labels = {}): void {
    this.#bind(instrument, new ObservedSeries(labels, read)).read = read
  }

  /** For values that are kept elsewhere, with label sets that are only known when they are collected. */
  listValues(instrument: Instrument, list: ListedValues): void {
    this.#family(instrument).list = list
  }

  /** Drops every series that `keep` refuses. */
  retain(keep: (labels: Labels) => boolean): void {
    for (const family of this.#families.values()) {
      for (const series of family.series.values()) if (!keep(series.labels)) this.#remove(family, series)
    }
  }

  release(instrument: Instrument, series: Series): void {
    const family = this.#families.get(instrument.name)
    if (family?.series.get(series.labelText) !== series) return
    this.#remove(family, series)
    this.onRelease(instrument.name, series.labelText)
  }

  /** The same, for whoever knows it by its name alone. */
  releaseNamed(name: string, labelText: string): void {
    const family = this.#families.get(name)
    const series = family?.series.get(labelText)
    if (series) this.#remove(family!, series)
  }

  /** Families in the order of their first use. */
  *collect(wanted: (instrument: Instrument) => boolean = () => true): Iterable<Family> {
    for (const family of this.#families.values()) {
      if (wanted(family.instrument)) yield family.list ? listed(family, family.list) : family
    }
  }

  #bind<S extends Series>(instrument: Instrument, made: S): S {
    const family = this.#family(instrument)
    const known = family.series.get(made.labelText)
    if (known) return known as S
    if (this.#size >= this.#maxSeries) {
      this.#dropped++
      return made
    }
    this.#size++
    family.series.set(made.labelText, made)
    return made
  }

  #family(instrument: Instrument): OpenFamily {
    const known = this.#families.get(instrument.name)
    if (!known) {
      const family: OpenFamily = { instrument, series: new Map() }
      this.#families.set(instrument.name, family)
      return family
    }
    if (known.instrument.kind !== instrument.kind) {
      throw new TypeError(`the metric ${instrument.name} is a ${known.instrument.kind} already`)
    }
    return known
  }

  #remove(family: OpenFamily, series: Series): void {
    family.series.delete(series.labelText)
    this.#size--
  }
}

function listed(family: Family, list: ListedValues): Family {
  const series = new Map(family.series)
  for (const [labels, value] of list()) series.set(labelText(labels), new ObservedSeries(labels, () => value))
  return { instrument: family.instrument, series }
}

function named(instrument: Instrument): Instrument {
  const { name, labels } = instrument
  if (!METRIC_NAME.test(name)) throw new TypeError(`not a metric name: ${JSON.stringify(name)}`)
  if (ENGINE_NAMES.has(name)) throw new TypeError(`the metric ${name} belongs to the engine`)
  const wrong = labels.find((label) => !LABEL_NAME.test(label) || label === RESERVED_LABEL)
  if (wrong !== undefined) throw new TypeError(`not a label name of ${name}: ${JSON.stringify(wrong)}`)
  return instrument
}

const keys = (labels: Labels): readonly string[] => Object.keys(labels)

function cut(labels: Labels): Labels {
  return Object.fromEntries(
    Object.entries(labels).map(([name, value]) => [name, value.slice(0, MAX_LABEL_LENGTH)]),
  )
}
