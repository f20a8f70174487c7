// What the gateway tells the outside, assembled: logs, metrics and traces.
import type { ConnectionFacts } from '../connection-facts.ts'
import type { Clock, Logger, RouteFacts } from '../plugin.ts'
import { within } from '../waiting.ts'
import { accessLogs } from './access-log.ts'
import { observeConfig, type RecordReload } from './config-metrics.ts'
import { connectionLog } from './connection-log.ts'
import { INSTRUMENTS } from './instruments.ts'
import { type LogDestination, LogSink } from './log-sink.ts'
import { createLogger, type LogLevel } from './logger.ts'
import { MetricRegistry } from './metric-registry.ts'
import { startMetricPush, startTracing } from './otlp.ts'
import { type Environment, otlpSettings } from './otlp-settings.ts'
import { observeProcess } from './process-metrics.ts'
import { prometheusText } from './prometheus-text.ts'
import { Recorders, type ServingNames, type UpstreamState } from './recorders.ts'
import type { RouteRecorder } from './route-recorder.ts'
import { openStdout } from './stdout.ts'
import type { Tracer } from './tracer.ts'

/** Enough for one export to a slow collector, and well below the 30 s that orchestrators give. */
const EXPORT_LIMIT_MS = 3000
/** A log that is still blocked then has no reader. */
const LOG_LIMIT_MS = 1000

export interface TelemetryOptions {
  readonly clock: Clock
  readonly logLevel: LogLevel
  /** One line per request. */
  readonly accessLog: boolean
  /** Share of the traces to keep, 0 to 1. OTEL_TRACES_SAMPLER wins. */
  readonly sample: number
  /** For the OTEL_* variables. */
  readonly env: Environment
  readonly version: string
  /** Standard output when left out. */
  readonly destination?: LogDestination
  /** Where several processes make a node: the primary exports the metrics of all, the workers their own traces. */
  readonly part?: ProcessPart | undefined
}

export type ProcessPart = 'primary' | { readonly worker: number }

/** Read when metrics are collected. */
export interface GaugeSources {
  requestsInFlight(): number
  openConnections(): number
  upstreams(): Iterable<UpstreamState>
  tcpListeners(): Iterable<TcpListenerState>
}

/** A listener for TCP or TLS passthrough. */
export interface TcpListenerState {
  readonly listener: string
  readonly open: number
  /** Since the start. */
  readonly bytesIn: number
  readonly bytesOut: number
}

export interface Telemetry {
  readonly logger: Logger
  /** For plugins and the other parts of the engine. */
  readonly meter: MetricRegistry
  readonly tracer: Tracer
  /** For exchanges that no route matched. */
  readonly unmatched: RouteRecorder
  /** Once per route when a generation is built; the same route goes on with the same series. */
  route(facts: RouteFacts): RouteRecorder
  /** A raw connection is over. */
  connection(facts: ConnectionFacts): void
  /** When a generation has retired: the series of every other route and service are dropped. */
  retain(serving: ServingNames): void
  observe(sources: GaugeSources): void
  readonly reloaded: RecordReload
  /** Prometheus text, in parts to be sent one after the other. Scrapes at the same time share one. */
  metricsText(): Promise<readonly string[]>
  /** Log lines of another process, whole ones. */
  relay(lines: string): void
  /** For a process that ends at once: what is buffered, without waiting. */
  flushSync(): void
  /** Sends what waits, for a limited time. */
  shutdown(): Promise<void>
}

export async function createTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { clock, env, version } = options
  const registry = new MetricRegistry()
  const sink = new LogSink(options.destination ?? openStdout())
  const logger = createLogger(options.logLevel, { clock, sink, facts: factsOf(options.part) })
  sink.onRecovery = (lines) => logger.warn({ lines }, 'log lines were dropped')
  registry.observe(INSTRUMENTS.logDropped, () => sink.dropped)
  registry.observe(INSTRUMENTS.buildInfo, () => 1, { version, node_version: process.versions.node })
  const logConnection = options.accessLog ? connectionLog(clock, sink) : () => {}
  const recorders = new Recorders(registry, clock, options.accessLog ? accessLogs(clock, sink) : undefined)
  const otlp = otlpSettings(env, options.sample, version)
  const parts = { clock, registry, logger, version }
  const tracing = await startTracing(
    options.part === 'primary' ? { ...otlp, tracesUrl: undefined } : otlp,
    parts,
  )
  const stopPush = await startMetricPush(isWorker(options) ? { ...otlp, metricsUrl: undefined } : otlp, parts)
  const stopProcess = observeProcess(registry, clock)
  return {
    logger,
    meter: registry,
    tracer: tracing.tracer,
    unmatched: recorders.unmatched,
    route: (facts) => recorders.route(facts),
    connection(facts) {
      const { listener, service, cause = 'OK' } = facts
      const labels = service === undefined ? { listener, cause } : { listener, service, cause }
      registry.bindCounter(INSTRUMENTS.tcpConnections, labels).add(1)
      logConnection(facts)
    },
    retain: (serving) => recorders.retain(serving),
    observe: (sources) => observeGauges(registry, recorders, sources),
    reloaded: observeConfig(registry, clock),
    metricsText: shared(async () => {
      await registry.refresh()
      return prometheusText(registry.collect())
    }),
    relay: (lines) => sink.write(lines, lines.split('\n').length - 1),
    flushSync: () => sink.flushSync(),
    shutdown: async () => {
      stopProcess()
      await within(EXPORT_LIMIT_MS, clock, Promise.allSettled([tracing.shutdown(), stopPush()]))
      await within(LOG_LIMIT_MS, clock, sink.drained())
    },
  }
}

function isWorker({ part }: TelemetryOptions): boolean {
  return typeof part === 'object'
}

/** What stands in every message of the process. */
function factsOf(part: ProcessPart | undefined): object | null {
  return typeof part === 'object' ? { worker: part.worker } : null
}

function observeGauges(registry: MetricRegistry, recorders: Recorders, sources: GaugeSources): void {
  registry.observe(INSTRUMENTS.requestsInFlight, () => sources.requestsInFlight())
  registry.observe(INSTRUMENTS.openConnections, () => sources.openConnections())
  registry.listValues(INSTRUMENTS.upstreamUp, () => recorders.upstreams(sources.upstreams()))
  const listed = (read: (state: TcpListenerState) => number) => () =>
    [...sources.tcpListeners()].map((state) => [{ listener: state.listener }, read(state)] as const)
  registry.listValues(
    INSTRUMENTS.tcpOpen,
    listed(({ open }) => open),
  )
  registry.listValues(
    INSTRUMENTS.tcpReceivedBytes,
    listed(({ bytesIn }) => bytesIn),
  )
  registry.listValues(
    INSTRUMENTS.tcpSentBytes,
    listed(({ bytesOut }) => bytesOut),
  )
}

/** While a text is being written, whoever asks gets that one: scrapers cannot multiply the work. */
function shared<T>(write: () => Promise<T>): () => Promise<T> {
  let writing: Promise<T> | undefined
  return () => {
    writing ??= write().finally(() => {
      writing = undefined
    })
    return writing
  }
}
