import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { GatewayError } from '../../src/plugin.ts'
import { startTestGateway } from '../support/gateway.ts'
import { respondJson, startTarget } from '../support/target-server.ts'
import { FINISHED, fakeAttempt, fakeExchange, ROUTE, TARGET } from '../unit/telemetry/fake-exchange.ts'
import { OtlpCollector } from '../unit/telemetry/otlp-collector.ts'
import { readPrometheus } from '../unit/telemetry/prometheus-reader.ts'
import { type Started, startTelemetry } from '../unit/telemetry/start-telemetry.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'
const [SERVER, CLIENT] = [2, 3]
const [UNSET, ERROR] = [0, 2]
const [SAMPLED, HAS_REMOTE, IS_REMOTE] = [1, 0x100, 0x200]
const START_NANO = Date.UTC(2026, 0, 1) * 1e6

let collector: OtlpCollector
let endpoint: string

const exporting = () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint })

beforeEach(async () => {
  collector = new OtlpCollector()
  endpoint = await collector.listen()
})
afterEach(() => collector.close())

/** As many exchanges as asked for, each with one span. */
function serve({ telemetry }: Started, count: number): void {
  for (let n = 0; n < count; n++) {
    telemetry.tracer.finish(fakeExchange({ trace: telemetry.tracer.start(undefined, undefined, false) }))
  }
}

describe('a collector that takes OTLP over HTTP', () => {
  it('gets the exchange and each attempt as one trace that continues the client’s', async () => {
    const { telemetry, clock } = await startTelemetry({ sample: 0, env: exporting() })
    const trace = telemetry.tracer.start(`00-${TRACE}-${PARENT}-01`, 'rojo=1', true)
    const error = new GatewayError('UPSTREAM_RESET')
    const exchange = fakeExchange({ trace, status: 503, query: '?token=canary', sentPath: '/x?token=canary' })
    await clock.advance(2.5)
    const first = telemetry.tracer.attempt(exchange, TARGET)
    first.end(fakeAttempt({ startedAt: 1, durationMs: 1.5, status: 0, error }))
    const second = telemetry.tracer.attempt(exchange, TARGET)
    second.end(fakeAttempt({ startedAt: 2.5, durationMs: 0, status: 503 }))
    telemetry.tracer.finish(exchange)
    await telemetry.shutdown()

    expect(collector.requests).toHaveLength(1)
    expect(collector.requests[0]).toMatchObject({
      url: '/v1/traces',
      headers: { 'content-type': 'application/x-protobuf' },
    })
    expect(collector.requests[0]!.bytes.includes('canary')).toBe(false)
    const [one, two, server] = collector.spans
    const shared = { traceId: TRACE, tracestate: 'rojo=1', scope: 'turnpike' }
    expect(collector.spans).toHaveLength(3)
    expect(server).toMatchObject({
      ...shared,
      resource: { 'service.name': 'turnpike', 'service.version': '1.2.3' },
      spanId: trace!.spanId,
      parentSpanId: PARENT,
      name: 'GET /orders/*',
      kind: SERVER,
      startNano: START_NANO,
      endNano: START_NANO + 2.5e6,
      statusCode: ERROR,
      flags: SAMPLED | HAS_REMOTE | IS_REMOTE,
      attributes: { 'http.response.status_code': 503, 'error.type': '503', 'http.route': '/orders/*' },
    })
    const child = {
      ...shared,
      parentSpanId: trace!.spanId,
      kind: CLIENT,
      name: 'GET',
      flags: SAMPLED | HAS_REMOTE,
    }
    expect(one).toMatchObject({
      ...child,
      startNano: START_NANO + 1e6,
      endNano: START_NANO + 2.5e6,
      statusCode: ERROR,
      attributes: { 'error.type': 'UPSTREAM_RESET', 'server.port': 3000 },
    })
    expect(two).toMatchObject({ ...child, attributes: { 'http.request.resend_count': 1 } })
    expect(first.headers[1]).toBe(`00-${TRACE}-${one!.spanId}-01`)
    expect(second.headers[1]).toBe(`00-${TRACE}-${two!.spanId}-01`)
  })

  it('gets the headers that the environment asks for', async () => {
    vi.stubEnv('OTEL_EXPORTER_OTLP_HEADERS', 'x-tenant=blue')
    const started = await startTelemetry({ sample: 1, env: exporting() })
    vi.unstubAllEnvs()
    serve(started, 1)
    await started.telemetry.shutdown()
    expect(collector.requests[0]!.headers['x-tenant']).toBe('blue')
  })

  it('gets nothing of a trace that is not sampled, and knows the name it was given', async () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_SERVICE_NAME: 'edge' }
    const { telemetry } = await startTelemetry({ env })
    const no = telemetry.tracer.start(`00-${TRACE}-${PARENT}-00`, undefined, true)
    telemetry.tracer.finish(fakeExchange({ trace: no }))
    const yes = telemetry.tracer.start(undefined, undefined, true)
    telemetry.tracer.finish(fakeExchange({ trace: yes }))
    await telemetry.shutdown()
    expect(collector.spans.map(({ traceId, resource }) => [traceId, resource['service.name']])).toEqual([
      [yes!.traceId, 'edge'],
    ])
    expect(collector.spans[0]).toMatchObject({ parentSpanId: '', statusCode: UNSET, tracestate: '' })
  })

  it('is counted: what it accepted, and what it refused, with one log line per change', async () => {
    const started = await startTelemetry({ sample: 1, env: exporting() })
    const { telemetry, log, metrics } = started
    const spans = async (name: string, labels = {}) =>
      (await metrics()).value(`gateway_spans_${name}_total`, labels)
    collector.status = 400
    serve(started, 512)
    await expect.poll(() => spans('dropped', { reason: 'export_failed' })).toBe(512)
    collector.status = 200
    serve(started, 256)
    await expect.poll(() => spans('exported')).toBe(256)
    await telemetry.shutdown()
    expect(log.lines.map(({ level, msg }) => [level, msg])).toEqual([
      ['warn', 'spans cannot be exported and are dropped'],
      ['info', 'spans are exported again'],
    ])
    expect(collector.spans).toHaveLength(256)
  })
})

describe('a collector that takes connections and never answers', () => {
  it('costs spans, bounded memory and nothing else', async () => {
    collector.silent = true
    const started = await startTelemetry({ sample: 1, env: exporting() })
    serve(started, 10_000)
    started.telemetry.route(ROUTE).finish(fakeExchange(), FINISHED)
    const read = await started.metrics()
    const dropped = read.value('gateway_spans_dropped_total', { reason: 'queue_full' })
    expect(10_000 - dropped).toBeGreaterThanOrEqual(4096)
    expect(10_000 - dropped).toBeLessThanOrEqual(4096 + 256)
    expect(read.value('http_server_request_duration_seconds_count')).toBe(1)
    const ended = started.telemetry.shutdown()
    await started.clock.advance(10_000)
    await ended
  })
})

describe('a collector that is not there', () => {
  it('changes nothing for requests, and the end comes in time', async () => {
    await collector.close()
    const started = await startTelemetry({ sample: 1, env: exporting() })
    serve(started, 600)
    started.telemetry.route(ROUTE).finish(fakeExchange(), FINISHED)
    expect((await started.metrics()).value('http_server_request_duration_seconds_count')).toBe(1)
    const ended = started.telemetry.shutdown()
    await started.clock.advance(10_000)
    await ended
    collector = new OtlpCollector()
    await collector.listen()
  })
})

describe('a gateway with a collector', () => {
  async function serveOne(headers: Record<string, string>, path = '/orders/7?api_key=canary-query') {
    const target = await startTarget((_, response) => respondJson(response, 200, {}))
    const gateway = await startTestGateway(
      `services:\n  orders:\n    targets: [${target.url}]\n    routes:\n      read: GET /orders/*\n`,
      { env: exporting() },
    )
    await gateway.get(path, { headers })
    const metrics = await gateway.metrics()
    await gateway.stop()
    await target.close()
    const [server] = collector.spans.filter(({ kind }) => kind === SERVER)
    const [client] = collector.spans.filter(({ kind }) => kind === CLIENT)
    return { seen: target.seen[0], log: gateway.log, metrics, server, client }
  }

  it('hands the client’s trace on to the service, span by span', async () => {
    const traceparent = `00-${TRACE}-${PARENT}-01`
    const { seen, server, client, log } = await serveOne({ traceparent, tracestate: 'rojo=1' })
    expect(server).toMatchObject({
      traceId: TRACE,
      parentSpanId: PARENT,
      name: 'GET /orders/*',
      statusCode: UNSET,
    })
    expect(client).toMatchObject({ traceId: TRACE, parentSpanId: server!.spanId })
    expect(seen!.rawHeaders.filter((_, at) => /^trace/i.test(seen!.rawHeaders[at - (at % 2)]!))).toEqual([
      'traceparent',
      `00-${TRACE}-${client!.spanId}-01`,
      'tracestate',
      'rojo=1',
    ])
    expect(log.find(({ msg }) => msg === 'request')).toMatchObject({
      traceId: TRACE,
      spanId: server!.spanId,
      route: 'orders.read',
      status: 200,
    })
  })

  it('traces and counts what no route matched', async () => {
    const { server, client, metrics } = await serveOne({}, '/nowhere')
    expect(server).toMatchObject({ name: 'GET', attributes: { 'error.type': 'ROUTE_NOT_FOUND' } })
    expect(client).toBeUndefined()
    expect(readPrometheus(metrics).value('http_server_request_duration_seconds_count')).toBe(1)
  })

  it('shows no secret of a request in logs, metrics or traces', async () => {
    const { seen, log, metrics } = await serveOne({
      authorization: 'Bearer canary-token',
      cookie: 'sid=canary-cookie',
      'x-api-key': 'canary-key',
      'proxy-authorization': 'Basic canary-basic',
    })
    expect(seen!.url).toContain('canary-query')
    const exported = Buffer.concat(collector.requests.map(({ bytes }) => bytes)).toString('latin1')
    expect(exported).toContain('GET /orders/*')
    for (const text of [JSON.stringify(log), metrics, exported]) expect(text).not.toContain('canary')
  })
})
