import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FINISHED, fakeAttempt, fakeExchange, ROUTE } from './fake-exchange.ts'
import { OtlpCollector } from './otlp-collector.ts'
import { startTelemetry } from './start-telemetry.ts'

let collector: OtlpCollector
let url: string

beforeEach(async () => {
  collector = new OtlpCollector()
  url = await collector.listen()
})
afterEach(() => collector.close())

describe('metrics pushed over OTLP', () => {
  it('arrive under their conventional names, with the same numbers as the Prometheus text', async () => {
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_TRACES_EXPORTER: 'none',
    }
    const { telemetry } = await startTelemetry({ env })
    telemetry.route(ROUTE).finish(fakeExchange({ attempts: [fakeAttempt()] }), FINISHED)
    telemetry.meter.counter('retries', 'R', { route: ROUTE.id }).add(3)
    telemetry.meter.gauge('level', 'L', () => 7)
    await telemetry.shutdown()
    const point = (metric: string) => collector.points.find((one) => one.metric === metric)
    expect(collector.requests[0]).toMatchObject({
      url: '/v1/metrics',
      headers: { 'content-type': 'application/x-protobuf' },
    })
    expect(point('http.server.request.duration')).toEqual({
      metric: 'http.server.request.duration',
      unit: 's',
      monotonic: false,
      value: 1,
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/orders/*',
        'http.response.status_code': 200,
        route: 'orders.read',
        service: 'orders',
      },
    })
    expect(point('http.client.request.duration')).toMatchObject({ value: 1 })
    expect(point('gateway_retries')).toMatchObject({
      value: 3,
      monotonic: true,
      attributes: { route: ROUTE.id },
    })
    expect(point('gateway_level')).toMatchObject({ value: 7, monotonic: false })
    expect(point('process_resident_memory_bytes')).toMatchObject({ unit: 'By' })
    expect(collector.spans).toEqual([])
  })

  it('do not hold up the end when the collector is silent', async () => {
    collector.silent = true
    const env = { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${url}/v1/metrics` }
    const { telemetry, clock } = await startTelemetry({ env })
    const ended = telemetry.shutdown()
    await clock.advance(10_000)
    await ended
    expect(collector.points).toEqual([])
  })
})
