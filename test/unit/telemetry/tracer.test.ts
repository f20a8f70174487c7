import { beforeEach, describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/plugin.ts'
import { createRandomIds } from '../../../src/random-ids.ts'
import type { EndedSpan } from '../../../src/telemetry/span.ts'
import { createTracer, TRACING_OFF } from '../../../src/telemetry/tracer.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { fakeAttempt, fakeExchange, TARGET } from './fake-exchange.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'
const SAMPLED = `00-${TRACE}-${PARENT}-01`
const NOT_SAMPLED = `00-${TRACE}-${PARENT}-00`

let clock: FakeClock
let spans: EndedSpan[]

beforeEach(() => {
  clock = new FakeClock()
  spans = []
})

function tracer(sample: number, fill?: (page: Buffer) => void) {
  return createTracer({ clock, ids: createRandomIds(fill), sample, emit: (span) => spans.push(span) })
}

describe('the sampling decision', () => {
  it('is the caller’s when the caller is trusted', () => {
    expect(tracer(0).start(SAMPLED, undefined, true)?.sampled).toBe(true)
    expect(tracer(1).start(NOT_SAMPLED, undefined, true)?.sampled).toBe(false)
  })

  it('is ours when the caller is not trusted, on the same trace', () => {
    expect(tracer(0).start(SAMPLED, undefined, false)).toMatchObject({ traceId: TRACE, sampled: false })
    expect(tracer(1).start(NOT_SAMPLED, undefined, false)).toMatchObject({ traceId: TRACE, sampled: true })
  })

  it('keeps about the configured share of new traces', () => {
    const quarter = tracer(0.25)
    const kept = Array.from({ length: 20_000 }, () => quarter.start(undefined, undefined, false)).filter(
      (trace) => trace?.sampled,
    )
    expect(kept.length).toBeGreaterThan(4500)
    expect(kept.length).toBeLessThan(5500)
  })

  it('cannot be chosen by a client through its trace id', () => {
    const half = tracer(0.5)
    const low = `00-${'0'.repeat(31)}1-${PARENT}-01`
    const decisions = Array.from({ length: 200 }, () => half.start(low, undefined, false)?.sampled)
    expect(new Set(decisions).size).toBe(2)
  })

  it('takes nothing for a share of 0 and all for a share of 1, whatever is drawn', () => {
    expect(
      tracer(0, (page) => page.fill(0).writeUInt8(1, 7)).start(undefined, undefined, false)?.sampled,
    ).toBe(false)
    expect(tracer(1, (page) => page.fill(0xff)).start(undefined, undefined, false)?.sampled).toBe(true)
  })

  it('leaves no span when it is no', () => {
    const off = tracer(0)
    const exchange = fakeExchange({ trace: off.start(undefined, undefined, false) })
    off.attempt(exchange, TARGET).end(fakeAttempt())
    off.finish(exchange)
    expect(spans).toEqual([])
  })
})

describe('what is sent to the service', () => {
  it('names the attempt’s own span when the trace is sampled', () => {
    const on = tracer(1)
    const trace = on.start(SAMPLED, 'rojo=1', true)
    const attempt = on.attempt(fakeExchange({ trace }), TARGET)
    attempt.end(fakeAttempt())
    expect(attempt.headers).toEqual([
      'traceparent',
      `00-${TRACE}-${spans[0]!.spanId}-01`,
      'tracestate',
      'rojo=1',
    ])
    expect(spans[0]!.spanId).not.toBe(trace!.spanId)
  })

  it('names the exchange’s span, unsampled, when the trace is not', () => {
    const on = tracer(0)
    const trace = on.start(SAMPLED, undefined, false)
    expect(on.attempt(fakeExchange({ trace }), TARGET).headers).toEqual([
      'traceparent',
      `00-${TRACE}-${trace!.spanId}-00`,
    ])
  })

  it('starts a new trace for a malformed traceparent, without its tracestate', () => {
    const on = tracer(1)
    const trace = on.start('00-nonsense', 'rojo=1', true)
    const { headers } = on.attempt(fakeExchange({ trace }), TARGET)
    expect(trace!.traceId).toMatch(/^[0-9a-f]{32}$/)
    expect(headers).toHaveLength(2)
    expect(headers[1]).toMatch(new RegExp(`^00-${trace!.traceId}-[0-9a-f]{16}-01$`))
  })

  it('keeps the flag that says that the trace id is random', () => {
    const on = tracer(0)
    const { headers } = on.attempt(
      fakeExchange({ trace: on.start(`${SAMPLED.slice(0, -2)}03`, undefined, false) }),
      TARGET,
    )
    expect(headers[1]).toMatch(/-02$/)
  })

  it('is nothing when tracing is off, so that the client’s own fields go through', () => {
    const trace = TRACING_OFF.start(SAMPLED, undefined, true)
    expect(trace).toEqual({ traceId: TRACE, spanId: PARENT, sampled: false })
    expect(TRACING_OFF.start('nonsense', undefined, true)).toBeUndefined()
    const exchange = fakeExchange({ trace })
    expect(TRACING_OFF.attempt(exchange, TARGET).headers).toEqual([])
    expect(TRACING_OFF.finish(exchange)).toBeUndefined()
    expect(TRACING_OFF.attempt(exchange, TARGET).end(fakeAttempt())).toBeUndefined()
  })

  it('is nothing for an exchange without a trace', () => {
    const attempt = tracer(1).attempt(fakeExchange(), TARGET)
    attempt.end(fakeAttempt())
    tracer(1).finish(fakeExchange())
    expect(attempt.headers).toEqual([])
    expect(spans).toEqual([])
  })
})

describe('the span of an exchange', () => {
  it('has the conventional name, times and attributes, and no query', async () => {
    const on = tracer(1)
    await clock.advance(1000)
    const trace = on.start(SAMPLED, undefined, true)
    const exchange = fakeExchange({
      trace,
      startedAt: clock.now(),
      query: '?token=canary',
      headers: ['User-Agent', 'curl/8', 'Authorization', 'Bearer canary'],
      consumer: { id: 'acme', tier: undefined, scopes: [], claims: {} },
    })
    await clock.advance(250)
    on.finish(exchange)
    expect(spans).toEqual([
      {
        name: 'GET /orders/*',
        kind: 'server',
        traceId: TRACE,
        spanId: trace!.spanId,
        parentSpanId: PARENT,
        remoteParent: true,
        flags: 1,
        tracestate: undefined,
        startMs: Date.UTC(2026, 0, 1) + 1000,
        endMs: Date.UTC(2026, 0, 1) + 1250,
        failed: false,
        attributes: {
          'http.request.method': 'GET',
          'http.route': '/orders/*',
          'http.response.status_code': 200,
          'url.scheme': 'https',
          'url.path': '/orders/42',
          'server.address': 'api.example.com',
          'client.address': '203.0.113.9',
          'user_agent.original': 'curl/8',
          'gateway.request.id': 'req-1',
          'gateway.route': 'orders.read',
          'gateway.service': 'orders',
          'gateway.consumer': 'acme',
        },
      },
    ])
    expect(JSON.stringify(spans)).not.toContain('canary')
  })

  it('stays in one piece when the wall clock is stepped meanwhile', async () => {
    const on = tracer(1)
    const exchange = fakeExchange({ trace: on.start(undefined, undefined, false) })
    clock.stepWallTime(-3_600_000)
    await clock.advance(10)
    on.finish(exchange)
    expect(spans[0]!.endMs - spans[0]!.startMs).toBe(10)
  })

  it('is named by the method alone where no route matched', () => {
    const on = tracer(1)
    const error = new GatewayError('ROUTE_NOT_FOUND')
    on.finish(
      fakeExchange({ trace: on.start(undefined, undefined, false), route: undefined, status: 404, error }),
    )
    expect(spans[0]).toMatchObject({ name: 'GET', failed: false, parentSpanId: undefined })
    expect(spans[0]!.attributes).toMatchObject({
      'error.type': 'ROUTE_NOT_FOUND',
      'http.response.status_code': 404,
    })
    expect(spans[0]!.attributes).not.toHaveProperty('http.route')
  })

  it('does not take an unknown method for a name, and cuts long values', () => {
    const on = tracer(1)
    const method = 'X'.repeat(100)
    on.finish(
      fakeExchange({ trace: on.start(undefined, undefined, false), method, path: `/${'a'.repeat(9000)}` }),
    )
    expect(spans[0]!.name).toBe('HTTP /orders/*')
    expect(spans[0]!.attributes).toMatchObject({
      'http.request.method': '_OTHER',
      'http.request.method_original': 'X'.repeat(32),
    })
    expect(spans[0]!.attributes['url.path']).toHaveLength(1024)
  })

  it('fails on a 5xx, and leaves out the status when nothing was answered', () => {
    const on = tracer(1)
    on.finish(fakeExchange({ trace: on.start(undefined, undefined, false), status: 503 }))
    on.finish(fakeExchange({ trace: on.start(undefined, undefined, false), status: 0 }))
    expect(spans.map(({ failed }) => failed)).toEqual([true, false])
    expect(spans[0]!.attributes['error.type']).toBe('503')
    expect(spans[1]!.attributes).not.toHaveProperty('http.response.status_code')
  })
})

describe('the span of an attempt', () => {
  it('is a child of the exchange’s span, with target and number, and no query', () => {
    const on = tracer(1)
    const trace = on.start(undefined, undefined, false)
    const exchange = fakeExchange({ trace, sentPath: '/v2/orders/42?token=canary' })
    const error = new GatewayError('UPSTREAM_RESET')
    on.attempt(exchange, TARGET).end(fakeAttempt({ startedAt: 1, durationMs: 4, status: 0, error }))
    on.attempt(exchange, TARGET).end(fakeAttempt({ startedAt: 10, durationMs: 7 }))
    expect(spans).toMatchObject([
      {
        name: 'GET',
        kind: 'client',
        traceId: trace!.traceId,
        parentSpanId: trace!.spanId,
        remoteParent: false,
        startMs: Date.UTC(2026, 0, 1) + 1,
        endMs: Date.UTC(2026, 0, 1) + 5,
        failed: true,
        attributes: {
          'http.request.method': 'GET',
          'url.full': 'http://10.0.0.7:3000/v2/orders/42',
          'server.address': '10.0.0.7',
          'server.port': 3000,
          'error.type': 'UPSTREAM_RESET',
          'gateway.service': 'orders',
        },
      },
      { failed: false, attributes: { 'http.response.status_code': 200, 'http.request.resend_count': 1 } },
    ])
    expect(spans[0]!.attributes).not.toHaveProperty('http.request.resend_count')
    expect(spans[0]!.attributes).not.toHaveProperty('http.response.status_code')
    expect(spans[1]!.attributes).not.toHaveProperty('error.type')
    expect(JSON.stringify(spans)).not.toContain('canary')
  })

  it('fails on a 4xx of the service, as a client sees it', () => {
    const on = tracer(1)
    const exchange = fakeExchange({ trace: on.start(undefined, undefined, false), route: undefined })
    on.attempt(exchange, TARGET).end(fakeAttempt({ status: 404 }))
    expect(spans[0]).toMatchObject({ failed: true, attributes: { 'error.type': '404' } })
  })
})
