// Every metric of the engine: its name, kind, labels and meaning. docs/metrics.md repeats this list, under test.

type MetricKind = 'counter' | 'gauge' | 'histogram'

export interface Instrument {
  /** The name in the Prometheus text. */
  readonly name: string
  readonly kind: MetricKind
  readonly help: string
  readonly labels: readonly string[]
  /** The OpenTelemetry name where a stable convention exists; else the Prometheus name without `_total`. */
  readonly otlpName?: string
}

/** Seconds, as the stable HTTP semantic conventions of OpenTelemetry advise. */
export const DURATION_BUCKETS: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]

/** Prometheus label -> OpenTelemetry attribute, where a stable convention exists. */
export const OTLP_ATTRIBUTES: Readonly<Record<string, string>> = {
  http_request_method: 'http.request.method',
  http_route: 'http.route',
  http_response_status_code: 'http.response.status_code',
  error_type: 'error.type',
}

const counter = (name: string, help: string, labels: readonly string[] = []): Instrument => ({
  name,
  kind: 'counter',
  help,
  labels,
})

const gauge = (name: string, help: string, labels: readonly string[] = []): Instrument => ({
  name,
  kind: 'gauge',
  help,
  labels,
})

const ROUTE = ['route', 'service'] as const

export const INSTRUMENTS = {
  serverDuration: {
    name: 'http_server_request_duration_seconds',
    kind: 'histogram',
    help: 'Time from the request head to the end of the answer',
    labels: ['http_request_method', 'http_route', ...ROUTE, 'http_response_status_code', 'error_type'],
    otlpName: 'http.server.request.duration',
  },
  clientDuration: {
    name: 'http_client_request_duration_seconds',
    kind: 'histogram',
    help: 'Time of one attempt at a target until the response head or the failure',
    labels: ['service', 'target', 'http_response_status_code', 'error_type'],
    otlpName: 'http.client.request.duration',
  },
  requestsInFlight: gauge('gateway_requests_in_flight', 'Requests that are being served'),
  openConnections: gauge('gateway_open_connections', 'Client connections that are open'),
  attempts: counter(
    'gateway_attempts_total',
    'Calls to targets; kind is first or again (a retry or a hedge)',
    ['service', 'kind'],
  ),
  receivedBytes: counter('gateway_received_bytes_total', 'Request body bytes read from clients', ROUTE),
  sentBytes: counter('gateway_sent_bytes_total', 'Response body bytes written to clients', ROUTE),
  aborted: counter('gateway_responses_aborted_total', 'Answers that did not reach their end', ROUTE),
  upstreamUp: gauge('gateway_upstream_up', '1 while a target takes traffic, 0 while it is kept out', [
    'service',
    'target',
  ]),
  configInfo: gauge('gateway_config_info', 'Always 1; the hash is that of the serving configuration', [
    'hash',
  ]),
  reloadSuccessful: gauge(
    'gateway_config_last_reload_successful',
    '1 when the last attempt to load the configuration succeeded',
  ),
  reloadTimestamp: gauge(
    'gateway_config_last_reload_timestamp_seconds',
    'When a configuration was last loaded with success, in Unix seconds',
  ),
  reloads: counter('gateway_config_reloads_total', 'Attempts to load a configuration', ['outcome']),
  buildInfo: gauge('gateway_build_info', 'Always 1; what is running', ['version', 'node_version']),
  logDropped: counter(
    'gateway_log_dropped_total',
    'Log lines dropped because the log sink was full or failed',
  ),
  spansExported: counter('gateway_spans_exported_total', 'Spans that the collector has accepted'),
  spansDropped: counter('gateway_spans_dropped_total', 'Spans that never reached the collector', ['reason']),
  seriesDropped: counter(
    'gateway_metric_series_dropped_total',
    'Series that were not created because a limit was reached',
  ),
  processCpu: counter('process_cpu_seconds_total', 'User and system CPU time of this process'),
  processMemory: gauge('process_resident_memory_bytes', 'Resident memory of this process'),
  processStart: gauge('process_start_time_seconds', 'When this process started, in Unix seconds'),
  heapUsed: gauge('nodejs_heap_size_used_bytes', 'JavaScript heap in use'),
  eventLoopP99: gauge(
    'nodejs_eventloop_lag_p99_seconds',
    'Event loop delay since the last collection, 99th percentile',
  ),
  eventLoopMax: gauge(
    'nodejs_eventloop_lag_max_seconds',
    'Event loop delay since the last collection, longest',
  ),
} as const satisfies Record<string, Instrument>
