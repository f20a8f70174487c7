// The OpenTelemetry SDK, on or off: loaded only when there is a collector, for it costs 130 ms and 30 MB at start.
import type { Clock, Logger } from '../plugin.ts'
import { createRandomIds } from '../random-ids.ts'
import type { MetricRegistry } from './metric-registry.ts'
import type { OtlpSettings } from './otlp-settings.ts'
import { createTracer, TRACING_OFF, type Tracer } from './tracer.ts'

export interface OtlpParts {
  readonly clock: Clock
  readonly registry: MetricRegistry
  readonly logger: Logger
  readonly version: string
}

export interface Tracing {
  readonly tracer: Tracer
  shutdown(): Promise<void>
}

export async function startTracing(settings: OtlpSettings, parts: OtlpParts): Promise<Tracing> {
  const { tracesUrl: url, sample, resource } = settings
  if (url === undefined) return { tracer: TRACING_OFF, shutdown: () => Promise.resolve() }
  const { createSpanPipeline } = await import('./otlp-traces.ts')
  const spans = createSpanPipeline({ ...parts, url, resource })
  const tracer = createTracer({ clock: parts.clock, ids: createRandomIds(), sample, emit: spans.emit })
  return { tracer, shutdown: spans.shutdown }
}

/** Returns what flushes and stops it. */
export async function startMetricPush(
  settings: OtlpSettings,
  parts: OtlpParts,
): Promise<() => Promise<void>> {
  const { metricsUrl: url, metricsIntervalMs: intervalMs, resource } = settings
  if (url === undefined) return () => Promise.resolve()
  const { pushMetrics } = await import('./otlp-metrics.ts')
  return pushMetrics({ ...parts, url, intervalMs, resource })
}
