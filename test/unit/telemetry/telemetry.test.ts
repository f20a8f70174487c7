import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/plugin.ts'
import { FINISHED, fakeAttempt, fakeExchange, ROUTE, TARGET } from './fake-exchange.ts'
import { turns } from './log-lines.ts'
import { startTelemetry } from './start-telemetry.ts'

const DURATION = 'http_server_request_duration_seconds_count'

describe('a finished exchange', () => {
  it('is counted under its route, method, status and error', async () => {
    const { telemetry, clock, metrics } = await startTelemetry()
    const recorder = telemetry.route(ROUTE)
    await clock.advance(300)
    recorder.finish(fakeExchange({ startedAt: 0 }), { ...FINISHED, bytesIn: 7, bytesOut: 100 })
    recorder.finish(fakeExchange({ startedAt: 299 }), { ...FINISHED, bytesOut: 11 })
    recorder.finish(fakeExchange({ status: 502, error: new GatewayError('UPSTREAM_RESET') }), FINISHED)
    recorder.finish(fakeExchange({ status: 500 }), { ...FINISHED, aborted: true })
    const read = await metrics()
    const labels = {
      http_request_method: 'GET',
      http_route: '/orders/*',
      route: 'orders.read',
      service: 'orders',
    }
    const ok = { ...labels, http_response_status_code: '200' }
    expect(read.value(DURATION, ok)).toBe(2)
    expect(read.value('http_server_request_duration_seconds_sum', ok)).toBeCloseTo(0.301)
    expect(read.value('http_server_request_duration_seconds_bucket', { ...ok, le: '0.25' })).toBe(1)
    expect(read.value(DURATION, { http_response_status_code: '502', error_type: 'UPSTREAM_RESET' })).toBe(1)
    expect(read.value(DURATION, { http_response_status_code: '500', error_type: '500' })).toBe(1)
    const owner = { route: 'orders.read', service: 'orders' }
    expect(read.value('gateway_received_bytes_total', owner)).toBe(7)
    expect(read.value('gateway_sent_bytes_total', owner)).toBe(135)
    expect(read.value('gateway_responses_aborted_total', owner)).toBe(1)
    const sample = read.samples.find(({ labels: found }) => found.http_response_status_code === '200')
    expect(sample?.labels).not.toHaveProperty('error_type')
  })

  it('counts its attempts by target and outcome, the first apart from the others', async () => {
    const { telemetry, metrics } = await startTelemetry()
    const error = new GatewayError('UPSTREAM_CONNECT_TIMEOUT')
    const attempts = [
      fakeAttempt({ target: 'http://a', status: 0, error, durationMs: 1000 }),
      fakeAttempt({ target: 'http://b' }),
    ]
    telemetry.route(ROUTE).finish(fakeExchange({ attempts }), FINISHED)
    const count = 'http_client_request_duration_seconds_count'
    const read = await metrics()
    expect(
      read.value(count, { service: 'orders', target: 'http://a', error_type: 'UPSTREAM_CONNECT_TIMEOUT' }),
    ).toBe(1)
    expect(
      read.value(count, { service: 'orders', target: 'http://b', http_response_status_code: '200' }),
    ).toBe(1)
    expect(read.value('http_client_request_duration_seconds_sum', { target: 'http://a' })).toBe(1)
    expect(read.value('gateway_attempts_total', { service: 'orders', kind: 'first' })).toBe(1)
    expect(read.value('gateway_attempts_total', { service: 'orders', kind: 'again' })).toBe(1)
  })

  it('that no route matched has no route', async () => {
    const { telemetry, metrics, log } = await startTelemetry()
    const error = new GatewayError('ROUTE_NOT_FOUND')
    telemetry.unmatched.finish(fakeExchange({ route: undefined, status: 404, error }), FINISHED)
    await turns()
    const [sample] = (await metrics()).samples.filter(({ name }) => name === DURATION)
    expect(sample?.labels).toEqual({
      http_request_method: 'GET',
      http_response_status_code: '404',
      error_type: 'ROUTE_NOT_FOUND',
    })
    expect(log.lines[0]).not.toHaveProperty('route')
    expect(log.lines[0]).toMatchObject({ status: 404, cause: 'ROUTE_NOT_FOUND' })
  })
})

describe('the access log', () => {
  it('has one line per exchange, with everything that is known', async () => {
    const { telemetry, clock, log } = await startTelemetry()
    await clock.advance(42.1234)
    const trace = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', sampled: true }
    const consumer = { id: 'acme', tier: 'gold', scopes: [], claims: { secret: 'canary' } }
    const attempts = [fakeAttempt({ target: 'http://a' }), fakeAttempt({ target: 'http://b' })]
    const error = new GatewayError('UPSTREAM_TIMEOUT')
    const exchange = fakeExchange({ trace, consumer, attempts, error, status: 504, query: '?canary=1' })
    telemetry.route(ROUTE).finish(exchange, { bytesIn: 3, bytesOut: 4, upstreamMs: 40.5, aborted: false })
    await turns()
    expect(log.lines).toEqual([
      {
        level: 'info',
        time: '2026-01-01T00:00:00.042Z',
        msg: 'request',
        requestId: 'req-1',
        traceId: '0af7651916cd43dd8448eb211c80319c',
        spanId: 'b7ad6b7169203331',
        clientIp: '203.0.113.9',
        method: 'GET',
        host: 'api.example.com',
        path: '/orders/42',
        route: 'orders.read',
        service: 'orders',
        target: 'http://b',
        consumer: 'acme',
        status: 504,
        upstreamMs: 40.5,
        bytesIn: 3,
        bytesOut: 4,
        retries: 1,
        cause: 'UPSTREAM_TIMEOUT',
        durationMs: 42.123,
      },
    ])
  })

  it('leaves out what there is not', async () => {
    const { telemetry, log } = await startTelemetry()
    telemetry.route(ROUTE).finish(fakeExchange(), { ...FINISHED, upstreamMs: undefined })
    await turns()
    for (const field of ['traceId', 'target', 'consumer', 'upstreamMs', 'cause']) {
      expect(log.lines[0]).not.toHaveProperty(field)
    }
    expect(log.lines[0]).toMatchObject({ retries: 0 })
  })

  it('says that the client went away when nothing else is to blame', async () => {
    const { telemetry, log } = await startTelemetry()
    const recorder = telemetry.route(ROUTE)
    recorder.finish(fakeExchange(), { ...FINISHED, aborted: true })
    recorder.finish(fakeExchange({ error: new GatewayError('UPSTREAM_RESET') }), {
      ...FINISHED,
      aborted: true,
    })
    await turns()
    expect(log.lines.map(({ cause }) => cause)).toEqual(['CLIENT_CLOSED', 'UPSTREAM_RESET'])
  })

  it('stays one line of printable ASCII whatever a client sends, and cuts it', async () => {
    const { telemetry, log } = await startTelemetry()
    const evil = 'a\r\n{"level":"error"}\x1b[2J\u2028\u202e"\\\ud800\x7f'
    const consumer = { id: evil, tier: undefined, scopes: [], claims: {} }
    const long = `/${'p'.repeat(65_536)}`
    const attempts = [fakeAttempt({ target: evil })]
    const route = { id: evil, service: evil, pattern: evil }
    const exchange = fakeExchange({
      id: evil,
      method: evil,
      host: evil,
      path: long,
      clientIp: evil,
      consumer,
      attempts,
    })
    telemetry.route(route).finish(exchange, FINISHED)
    await turns()
    expect(log.text.trimEnd()).toMatch(/^[\x20-\x7e]*$/)
    expect(log.lines).toHaveLength(1)
    const line = log.lines[0]!
    for (const field of ['requestId', 'host', 'clientIp', 'route', 'service', 'target', 'consumer']) {
      expect(line[field]).toBe(evil)
    }
    expect(line.method).toBe(evil.slice(0, 32))
    expect(line.path).toBe(long.slice(0, 1024))
  })

  it('writes valid JSON even for numbers that are none', async () => {
    const { telemetry, log } = await startTelemetry()
    telemetry.route(ROUTE).finish(fakeExchange({ startedAt: Number.NaN }), {
      bytesIn: Number.NaN,
      bytesOut: Number.POSITIVE_INFINITY,
      upstreamMs: Number.NaN,
      aborted: false,
    })
    await turns()
    expect(log.lines[0]).toMatchObject({ bytesIn: null, bytesOut: null, upstreamMs: null, durationMs: null })
  })

  it('can be off, while the logger still writes', async () => {
    const { telemetry, log } = await startTelemetry({ accessLog: false })
    telemetry.route(ROUTE).finish(fakeExchange(), FINISHED)
    telemetry.logger.info({}, 'ready')
    await turns()
    expect(log.lines.map(({ msg }) => msg)).toEqual(['ready'])
  })

  it('is in the order of the logger’s own lines', async () => {
    const { telemetry, log } = await startTelemetry()
    telemetry.logger.info({}, 'before')
    telemetry.route(ROUTE).finish(fakeExchange(), FINISHED)
    telemetry.logger.info({}, 'after')
    await turns()
    expect(log.lines.map(({ msg }) => msg)).toEqual(['before', 'request', 'after'])
  })
})

describe('the number of series', () => {
  it('does not depend on how many paths, methods, hosts, consumers and statuses clients come up with', async () => {
    const { telemetry, metrics } = await startTelemetry({ accessLog: false })
    const recorders = [telemetry.route(ROUTE), telemetry.unmatched]
    const send = (n: number) => {
      const consumer = { id: `c${n}`, tier: undefined, scopes: [], claims: {} }
      const strange = {
        method: `M${n}`,
        path: `/p/${n}`,
        host: `h${n}.example`,
        id: `r${n}`,
        clientIp: `10.0.0.${n}`,
      }
      const status = [200, 404, 503, 700 + n, -n, Number.NaN][n % 6]!
      recorders[n % 2]!.finish(fakeExchange({ ...strange, consumer, status }), FINISHED)
    }
    for (let n = 0; n < 100; n++) send(n)
    const before = (await metrics()).samples.length
    for (let n = 100; n < 100_000; n++) send(n)
    expect((await metrics()).samples).toHaveLength(before)
  })

  it('is limited per route when a service invents statuses, and nothing is lost', async () => {
    const { telemetry, metrics } = await startTelemetry({ accessLog: false })
    const recorder = telemetry.route(ROUTE)
    for (let status = 100; status < 600; status++) recorder.finish(fakeExchange({ status }), FINISHED)
    const counts = (await metrics()).samples.filter(({ name }) => name === DURATION)
    expect(counts).toHaveLength(101)
    expect(counts.reduce((total, { value }) => total + value, 0)).toBe(500)
  })

  it('is limited per service when targets come and go', async () => {
    const { telemetry, metrics } = await startTelemetry({ accessLog: false })
    const recorder = telemetry.route(ROUTE)
    for (let n = 0; n < 3000; n++) {
      recorder.finish(fakeExchange({ attempts: [fakeAttempt({ target: `http://10.0.${n}` })] }), FINISHED)
    }
    for (let status = 100; status < 600; status++) {
      recorder.finish(
        fakeExchange({ attempts: [fakeAttempt({ target: 'http://10.0.1', status })] }),
        FINISHED,
      )
    }
    const count = 'http_client_request_duration_seconds_count'
    expect((await metrics()).samples.filter(({ name }) => name === count)).toHaveLength(1049)
  })
})

describe('a reload', () => {
  it('goes on counting for a route that is still there', async () => {
    const { telemetry, metrics } = await startTelemetry()
    telemetry.route(ROUTE).finish(fakeExchange(), FINISHED)
    const next = telemetry.route({ ...ROUTE })
    telemetry.retain({ routes: new Set(['orders.read']), services: new Set(['orders']) })
    next.finish(fakeExchange(), FINISHED)
    expect((await metrics()).value(DURATION, { route: 'orders.read' })).toBe(2)
    expect((await metrics()).value('gateway_sent_bytes_total')).toBe(24)
  })

  it('drops every series of a route and a service that are gone, those of plugins too', async () => {
    const { telemetry, metrics } = await startTelemetry()
    const gone = { id: 'carts.read', service: 'carts', pattern: '/carts/*' }
    for (const route of [ROUTE, gone]) {
      telemetry.route(route).finish(fakeExchange({ route, attempts: [fakeAttempt()] }), FINISHED)
      telemetry.meter.counter('retries', 'R', { route: route.id })
      telemetry.meter.gauge('breaker_state', 'B', () => 0, { scope: route.service })
      telemetry.meter.gauge('bulkhead_free', 'B', () => 0, { scope: route.id })
    }
    telemetry.retain({ routes: new Set(['orders.read']), services: new Set(['orders']) })
    const text = JSON.stringify((await metrics()).samples)
    expect(text).toContain('orders.read')
    expect(text).not.toContain('carts')
  })

  it('starts at zero for a service that comes back', async () => {
    const { telemetry, metrics } = await startTelemetry()
    const exchange = fakeExchange({ attempts: [fakeAttempt()] })
    telemetry.route(ROUTE).finish(exchange, FINISHED)
    telemetry.retain({ routes: new Set(), services: new Set() })
    telemetry.route(ROUTE).finish(exchange, FINISHED)
    expect((await metrics()).value('gateway_attempts_total', { kind: 'first' })).toBe(1)
  })

  it('shows what serves, and how the last attempt went', async () => {
    const { telemetry, clock, metrics } = await startTelemetry()
    expect((await metrics()).samples.filter(({ name }) => name === 'gateway_config_info')).toEqual([])
    telemetry.reloaded('applied', 'aaa')
    await clock.advance(60_000)
    telemetry.reloaded('applied', 'bbb')
    telemetry.reloaded('unchanged', 'bbb')
    let read = await metrics()
    expect(read.value('gateway_config_info')).toBe(1)
    expect(read.value('gateway_config_info', { hash: 'bbb' })).toBe(1)
    expect(read.value('gateway_config_last_reload_successful')).toBe(1)
    const loadedAt = read.value('gateway_config_last_reload_timestamp_seconds')
    expect(loadedAt).toBe(Date.UTC(2026, 0, 1, 0, 1) / 1000)
    await clock.advance(60_000)
    telemetry.reloaded('refused', 'bbb')
    read = await metrics()
    expect(read.value('gateway_config_last_reload_successful')).toBe(0)
    expect(read.value('gateway_config_last_reload_timestamp_seconds')).toBe(loadedAt)
    expect(read.value('gateway_config_reloads_total', { outcome: 'applied' })).toBe(2)
    expect(read.value('gateway_config_reloads_total', { outcome: 'unchanged' })).toBe(1)
    expect(read.value('gateway_config_reloads_total', { outcome: 'refused' })).toBe(1)
  })
})

describe('gauges', () => {
  it('are read when metrics are collected', async () => {
    const { telemetry, metrics } = await startTelemetry()
    let inFlight = 3
    telemetry.observe({
      requestsInFlight: () => inFlight,
      openConnections: () => 8,
      upstreams: () => [
        { service: 'orders', target: 'http://a', up: true },
        { service: 'orders', target: 'http://b', up: false },
      ],
      tcpListeners: () => [{ listener: 'db', open: 2, bytesIn: 10, bytesOut: 20 }],
    })
    inFlight = 4
    const read = await metrics()
    expect(read.value('gateway_requests_in_flight')).toBe(4)
    expect(read.value('gateway_open_connections')).toBe(8)
    expect(read.value('gateway_upstream_up', { service: 'orders', target: 'http://a' })).toBe(1)
    expect(read.value('gateway_upstream_up', { service: 'orders', target: 'http://b' })).toBe(0)
    const tcp = ['open_connections', 'received_bytes_total', 'sent_bytes_total']
    expect(tcp.map((name) => read.value(`gateway_tcp_${name}`, { listener: 'db' }))).toEqual([2, 10, 20])
  })

  it('end the series of a target that is gone once it is quiet, and only then', async () => {
    const { telemetry, clock, metrics } = await startTelemetry()
    const recorder = telemetry.route(ROUTE)
    const call = (target: string) =>
      recorder.finish(fakeExchange({ attempts: [fakeAttempt({ target })] }), FINISHED)
    const targets = async () => {
      const { samples } = await metrics()
      return samples
        .filter(({ name }) => name === 'http_client_request_duration_seconds_count')
        .map(({ labels }) => labels.target)
    }
    telemetry.observe({
      requestsInFlight: () => 0,
      openConnections: () => 0,
      upstreams: () => [{ service: 'orders', target: TARGET.url, up: true }],
      tcpListeners: () => [],
    })
    call(TARGET.url)
    call('http://gone')
    expect(await targets()).toEqual([TARGET.url, 'http://gone'])
    await clock.advance(5 * 60_000 + 1)
    await targets()
    expect(await targets()).toEqual([TARGET.url])
    call('http://gone')
    expect(await targets()).toEqual([TARGET.url, 'http://gone'])
  })

  it('tell of the process and the build', async () => {
    const { metrics } = await startTelemetry()
    const read = await metrics()
    expect(read.value('gateway_build_info', { version: '1.2.3', node_version: process.versions.node })).toBe(
      1,
    )
    expect(read.value('process_resident_memory_bytes')).toBeGreaterThan(10_000_000)
    expect(read.value('process_cpu_seconds_total')).toBeGreaterThan(0)
    expect(read.value('nodejs_heap_size_used_bytes')).toBeGreaterThan(1_000_000)
    expect(read.value('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0)
    expect(read.value('nodejs_eventloop_lag_max_seconds')).toBeGreaterThanOrEqual(0)
    expect(read.value('process_start_time_seconds')).toBeLessThan(Date.UTC(2026, 0, 1) / 1000)
  })
})

describe('collection', () => {
  it('is shared by those who ask at the same time', async () => {
    const { telemetry } = await startTelemetry()
    let reads = 0
    telemetry.meter.gauge('reads', 'R', () => ++reads)
    const [first, second] = await Promise.all([telemetry.metricsText(), telemetry.metricsText()])
    expect(first).toBe(second)
    expect(reads).toBe(1)
    expect((await telemetry.metricsText()).join('')).toContain('gateway_reads 2\n')
  })
})

describe('a log sink that is blocked', () => {
  it('drops and counts lines in bounded memory, and says so afterwards', async () => {
    const { telemetry, log, metrics } = await startTelemetry()
    log.blocked = true
    const recorder = telemetry.route(ROUTE)
    const exchange = fakeExchange({ path: `/${'p'.repeat(1000)}` })
    for (let n = 0; n < 10_000; n++) {
      recorder.finish(exchange, FINISHED)
      if (n === 10) await turns()
    }
    const dropped = (await metrics()).value('gateway_log_dropped_total')
    expect(dropped).toBeGreaterThan(5000)
    expect((await metrics()).value(DURATION, { route: 'orders.read' })).toBe(10_000)
    log.release()
    await turns(8)
    expect(log.lines.length).toBe(10_000 - dropped + 1)
    expect(log.lines.at(-1)).toMatchObject({ level: 'warn', msg: 'log lines were dropped', lines: dropped })
    expect(log.text.length).toBeLessThan(9 * 1024 * 1024)
  })
})

describe('secrets', () => {
  it('never appear in a log line or a metric', async () => {
    const { telemetry, log } = await startTelemetry()
    const headers = ['Authorization', 'Bearer canary-1', 'Cookie', 'sid=canary-2', 'X-Api-Key', 'canary-3']
    const query = '?api_key=canary-4'
    const consumer = { id: 'acme', tier: undefined, scopes: ['canary-5'], claims: { email: 'canary-6' } }
    const cause = new Error('Bearer canary-7 refused at redis://u:canary-8@cache/?canary-9')
    const error = new GatewayError('INTERNAL_ERROR', {
      cause,
      detail: 'canary-10',
      headers: ['x', 'canary-11'],
    })
    const exchange = fakeExchange({
      headers,
      query,
      consumer,
      error,
      status: 500,
      sentPath: `/orders${query}`,
    })
    for (const recorder of [telemetry.route(ROUTE), telemetry.unmatched]) recorder.finish(exchange, FINISHED)
    telemetry.logger.error(
      { error: cause, headers: { cookie: 'canary-12' } },
      'it failed at /orders?canary=13',
    )
    await turns()
    expect(log.lines).toHaveLength(3)
    expect(log.text).not.toContain('canary')
    expect((await telemetry.metricsText()).join('')).not.toContain('canary')
  })
})

describe('the end', () => {
  it('waits for the log, and no longer than its limit for a sink that hangs', async () => {
    const { telemetry, clock, log } = await startTelemetry()
    telemetry.logger.info({}, 'bye')
    await telemetry.shutdown()
    expect(log.lines).toMatchObject([{ msg: 'bye' }])
    expect(clock.timers).toBe(0)

    const hanging = await startTelemetry()
    hanging.log.blocked = true
    hanging.telemetry.logger.info({}, 'bye')
    const ended = hanging.telemetry.shutdown()
    await hanging.clock.advance(10_000)
    await ended
    expect(hanging.log.held).toHaveLength(1)
  })

  it('can be at once', async () => {
    const { telemetry, log } = await startTelemetry()
    telemetry.logger.error({}, 'last words')
    telemetry.flushSync()
    expect(log.lines).toMatchObject([{ msg: 'last words' }])
  })
})
