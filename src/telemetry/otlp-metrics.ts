// The same series pushed to an OTLP collector. Loaded only when the environment asks for it.
import { ValueType } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type MetricProducer,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import type { Clock, Labels } from '../plugin.ts'
import { hrTime } from './hr-time.ts'
import { DURATION_BUCKETS, type Instrument, OTLP_ATTRIBUTES } from './instruments.ts'
import type { Family, MetricRegistry } from './metric-registry.ts'
import { resourceOf, startNodeSdk } from './node-sdk.ts'
import { HistogramSeries, type Series } from './series.ts'

const EXPORT_TIMEOUT_MS = 10_000
const STATUS = 'http_response_status_code'

export interface MetricPushParts {
  readonly url: string
  readonly intervalMs: number
  readonly resource: Readonly<Record<string, string>>
  readonly version: string
  readonly registry: MetricRegistry
  readonly clock: Clock
}

/** Returns what flushes and stops it. */
export function pushMetrics(parts: MetricPushParts): () => Promise<void> {
  const reader = new PeriodicExportingMetricReader({
    exporter: new OTLPMetricExporter({ url: parts.url }),
    exportIntervalMillis: parts.intervalMs,
    exportTimeoutMillis: Math.min(EXPORT_TIMEOUT_MS, parts.intervalMs),
    metricProducers: [producer(parts)],
  })
  return startNodeSdk({ resource: resourceOf(parts.resource), metricReaders: [reader] })
}

function producer({ registry, clock, version, resource }: MetricPushParts): MetricProducer {
  const scope = { name: 'turnpike', version }
  const startTime = hrTime(clock.epochMs())
  const reused = resourceOf(resource)
  return {
    collect: async () => {
      await registry.refresh()
      const times = { startTime, endTime: hrTime(clock.epochMs()) }
      const metrics = [...registry.collect()].filter(({ series }) => series.size > 0)
      const data = metrics.map((family) => metricData(family, times))
      return { resourceMetrics: { resource: reused, scopeMetrics: [{ scope, metrics: data }] }, errors: [] }
    },
  }
}

type Times = Pick<DataPoint<unknown>, 'startTime' | 'endTime'>

function metricData({ instrument, series }: Family, times: Times): MetricData {
  const all = [...series.values()]
  const shared = {
    descriptor: descriptor(instrument),
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  }
  const point = <T>(one: Series, value: T): DataPoint<T> => ({
    ...times,
    attributes: attributes(one.labels),
    value,
  })
  if (instrument.kind === 'histogram') {
    const dataPoints = all
      .filter((one) => one instanceof HistogramSeries)
      .map((one) => point(one, histogram(one)))
    return { ...shared, dataPointType: DataPointType.HISTOGRAM, dataPoints }
  }
  const dataPoints = all.map((one: Series & { readonly value?: number }) => point(one, one.value ?? 0))
  if (instrument.kind === 'gauge') return { ...shared, dataPointType: DataPointType.GAUGE, dataPoints }
  return { ...shared, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints }
}

function descriptor({ name, kind, help, otlpName }: Instrument): MetricData['descriptor'] {
  const unit = kind === 'histogram' || name.includes('_seconds') ? 's' : name.includes('_bytes') ? 'By' : ''
  return {
    name: otlpName ?? name.replace(/_total$/, ''),
    description: help,
    unit,
    valueType: ValueType.DOUBLE,
  }
}

/** The status is a number by the conventions; the rest is text. */
function attributes(labels: Labels): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(labels).map(([label, value]) => [
      OTLP_ATTRIBUTES[label] ?? label,
      label === STATUS ? Number(value) : value,
    ]),
  )
}

function histogram(series: HistogramSeries): Histogram {
  const buckets = { boundaries: [...DURATION_BUCKETS], counts: [...series.counts] }
  return { buckets, sum: series.sum, count: series.count }
}
