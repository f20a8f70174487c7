// Every metric of the engine: its name, kind, labels and meaning. docs/metrics.md repeats this list, under test.

type MetricKind = 'counter' | 'gauge' | 'histogram'

/**
 * How the values of several workers become one: `each` keeps them apart by the label `worker`, `node` is known to the
 * primary process alone. Counters and histograms are added up.
 */
export type Merge = 'sum' | 'max' | 'min' | 'each' | 'node'

export interface Instrument {
  /** The name in the Prometheus text. */
  readonly name: string
  readonly kind: MetricKind
  readonly help: string
  readonly labels: readonly string[]
  /** The OpenTelemetry name where a stable convention exists; else the Prometheus name without `_total`. */
  readonly otlpName?: string
  /** `sum` when left out. */
  readonly merge?: Merge
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
  rpc_grpc_status_code: 'rpc.grpc.status_code',
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

const least = (instrument: Instrument): Instrument => ({ ...instrument, merge: 'min' })
const each = (instrument: Instrument): Instrument => ({ ...instrument, merge: 'each' })
const node = (instrument: Instrument): Instrument => ({ ...instrument, merge: 'node' })

const ROUTE = ['route', 'service'] as const

export const INSTRUMENTS = {
  serverDuration: {
    name: 'http_server_request_duration_seconds',
    kind: 'histogram',
    help: 'Time from the request head to the end of the answer',
    labels: [
      ...['http_request_method', 'http_route', ...ROUTE],
      ...['http_response_status_code', 'rpc_grpc_status_code', 'error_type'],
    ],
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
  webSockets: counter(
    'gateway_web_socket_connections_total',
    'WebSocket connections that are over; cause is OK, or why it did not end well',
    [...ROUTE, 'cause'],
  ),
  tcpConnections: counter(
    'gateway_tcp_connections_total',
    'Connections of TCP and TLS passthrough listeners that are over; cause is OK, or why it did not end well',
    ['listener', 'service', 'cause'],
  ),
  tcpOpen: gauge('gateway_tcp_open_connections', 'Connections of such listeners that are open', ['listener']),
  tcpReceivedBytes: counter('gateway_tcp_received_bytes_total', 'Bytes passed on to targets', ['listener']),
  tcpSentBytes: counter('gateway_tcp_sent_bytes_total', 'Bytes passed on to clients', ['listener']),
  // A target that one worker keeps out is worth a look.
  upstreamUp: least(
    gauge('gateway_upstream_up', '1 while a target takes traffic, 0 while it is kept out', [
      'service',
      'target',
    ]),
  ),
  configInfo: node(
    gauge('gateway_config_info', 'Always 1; the hash is that of the serving configuration', ['hash']),
  ),
  reloadSuccessful: node(
    gauge(
      'gateway_config_last_reload_successful',
      '1 when the last attempt to load the configuration succeeded',
    ),
  ),
  reloadTimestamp: node(
    gauge(
      'gateway_config_last_reload_timestamp_seconds',
      'When a configuration was last loaded with success, in Unix seconds',
    ),
  ),
  reloads: node(counter('gateway_config_reloads_total', 'Attempts to load a configuration', ['outcome'])),
  buildInfo: node(gauge('gateway_build_info', 'Always 1; what is running', ['version', 'node_version'])),
  logDropped: each(
    counter('gateway_log_dropped_total', 'Log lines dropped because the log sink was full or failed'),
  ),
  spansExported: counter('gateway_spans_exported_total', 'Spans that the collector has accepted'),
  spansDropped: counter('gateway_spans_dropped_total', 'Spans that never reached the collector', ['reason']),
  seriesDropped: each(
    counter(
      'gateway_metric_series_dropped_total',
      'Series that were not created because a limit was reached',
    ),
  ),
  processCpu: each(counter('process_cpu_seconds_total', 'User and system CPU time of this process')),
  processMemory: each(gauge('process_resident_memory_bytes', 'Resident memory of this process')),
  processStart: each(gauge('process_start_time_seconds', 'When this process started, in Unix seconds')),
  heapUsed: each(gauge('nodejs_heap_size_used_bytes', 'JavaScript heap in use')),
  eventLoopP99: each(
    gauge('nodejs_eventloop_lag_p99_seconds', 'Event loop delay since the last collection, 99th percentile'),
  ),
  eventLoopMax: each(
    gauge('nodejs_eventloop_lag_max_seconds', 'Event loop delay since the last collection, longest'),
  ),
} as const satisfies Record<string, Instrument>
