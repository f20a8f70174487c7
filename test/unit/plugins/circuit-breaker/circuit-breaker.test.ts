// The plugin `circuitBreaker`: which answers count as failures, what clients and operators see.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import {
  type CircuitBreakerSettings,
  circuitBreaker,
} from '../../../../plugins/circuit-breaker/circuit-breaker.ts'
import {
  type Call,
  type ErrorCode,
  GatewayError,
  type Hooks,
  type UpstreamResponse,
} from '../../../../src/plugin.ts'
import { FakeContext, FakeExchange, refusal, response } from '../retry/fakes.ts'

type Ending = number | ErrorCode | Error

/** A gateway with this plugin alone, in front of a service that ends each call as `next` says. */
class Bench {
  readonly context: FakeContext<CircuitBreakerSettings>
  calls = 0
  next: Ending = 200
  tookMs = 0
  readonly #call: Call

  constructor(value: unknown, context = new FakeContext<CircuitBreakerSettings>()) {
    this.context = context
    const hooks = circuitBreaker.create(circuitBreaker.settings.parse(value), context) as Hooks
    this.#call = hooks.upstream!(() => this.#serve())
  }

  send(): Promise<UpstreamResponse> {
    return this.#call(new FakeExchange().request)
  }

  async sendMany(count: number, ending: Ending): Promise<void> {
    this.next = ending
    for (let sent = 0; sent < count; sent++) await this.send().catch(() => {})
  }

  get state(): number | undefined {
    return this.context.meter.read('circuit_breaker_state{scope=orders}')
  }

  async #serve(): Promise<UpstreamResponse> {
    this.calls++
    if (this.tookMs > 0) await this.context.clock.advance(this.tookMs)
    if (this.next instanceof Error) throw this.next
    if (typeof this.next === 'string') throw new GatewayError(this.next)
    return response(this.next)
  }
}

const [CLOSED, HALF_OPEN, OPEN] = [0, 1, 2]

describe('circuitBreaker', () => {
  it.each([
    ['14', OPEN],
    ['5', CLOSED],
    [undefined, CLOSED],
  ])('takes a call of gRPC that ended with the status %s for what it is', async (status, state) => {
    const context = new FakeContext<CircuitBreakerSettings>()
    const hooks = circuitBreaker.create(circuitBreaker.settings.parse({ minimum: 2 }), context) as Hooks
    const answered = response(200, ...(status === undefined ? [] : ['grpc-status', status]))
    const call = hooks.upstream!(() => Promise.resolve(answered))
    const exchange = new FakeExchange()
    exchange.grpc = 'application/grpc'
    for (let sent = 0; sent < 2; sent++) await call(exchange.request)
    expect(context.meter.read('circuit_breaker_state{scope=orders}')).toBe(state)
  })

  it.each<Ending>([
    500,
    502,
    503,
    'UPSTREAM_UNREACHABLE',
    'UPSTREAM_CONNECT_TIMEOUT',
    'UPSTREAM_TLS_FAILED',
    'UPSTREAM_RESET',
    'UPSTREAM_TIMEOUT',
    'UPSTREAM_INVALID_RESPONSE',
  ])('opens after a window full of %s', async (ending) => {
    const bench = new Bench({})
    await bench.sendMany(19, ending)
    expect(bench.state).toBe(CLOSED)
    await bench.sendMany(1, ending)
    expect(bench.state).toBe(OPEN)
  })

  it.each<Ending>([200, 304, 400, 404, 408, 429])('stays closed on %s', async (ending) => {
    const bench = new Bench({})
    await bench.sendMany(100, ending)
    expect(bench.state).toBe(CLOSED)
    expect(bench.calls).toBe(100)
  })

  it.each<Ending>([
    'CLIENT_CLOSED',
    'BODY_TOO_LARGE',
    'REQUEST_TIMEOUT',
    'CONCURRENCY_LIMITED',
    'NO_HEALTHY_TARGET',
    'INTERNAL_ERROR',
    new Error('a fault in a filter'),
  ])('does not count %s', async (ending) => {
    const bench = new Bench({ minimum: 10 })
    await bench.sendMany(5, 200)
    await bench.sendMany(100, ending)
    expect(bench.state).toBe(CLOSED)
    await bench.sendMany(5, 503)
    expect(bench.state).toBe(OPEN)
  })

  it('passes answers and failures on as they are', async () => {
    const bench = new Bench({})
    bench.next = 503
    expect((await bench.send()).status).toBe(503)
    const failure = new GatewayError('UPSTREAM_RESET')
    bench.next = failure
    expect(await refusal(bench.send())).toBe(failure)
  })

  it('refuses at once when open, with the seconds to wait, and does not call the service', async () => {
    const bench = new Bench({ open: '30s' })
    await bench.sendMany(20, 500)
    await bench.context.clock.advance(500)
    const error = await refusal(bench.send())
    expect(error.code).toBe('CIRCUIT_OPEN')
    expect(error.status).toBe(503)
    expect(error.headers).toEqual(['Retry-After', '30'])
    expect(bench.calls).toBe(20)
  })

  it('never asks to come back in 0 seconds', async () => {
    const bench = new Bench({ open: '1s' })
    await bench.sendMany(20, 500)
    await bench.context.clock.advance(999.9)
    expect((await refusal(bench.send())).headers).toEqual(['Retry-After', '1'])
  })

  it('refuses more than its probes while half-open, and closes when they are good', async () => {
    const bench = new Bench({ open: '1s', probes: 2 })
    await bench.sendMany(20, 500)
    await bench.context.clock.advance(1000)
    bench.next = 200
    const probes = [bench.send(), bench.send()]
    const extra = await refusal(bench.send())
    expect(extra.code).toBe('CIRCUIT_OPEN')
    expect(extra.headers).toEqual(['Retry-After', '1'])
    await Promise.all(probes)
    expect(bench.state).toBe(CLOSED)
    await bench.sendMany(5, 200)
    expect(bench.calls).toBe(27)
  })

  it('gives the permit of a cancelled probe to the next request', async () => {
    const bench = new Bench({ open: '1s', probes: 1 })
    await bench.sendMany(20, 500)
    await bench.context.clock.advance(1000)
    await bench.sendMany(3, 'CLIENT_CLOSED')
    expect(bench.state).toBe(HALF_OPEN)
    await bench.sendMany(1, 200)
    expect(bench.state).toBe(CLOSED)
  })

  it('opens when answers come late, though they are good', async () => {
    const bench = new Bench({ slow: { after: '100ms', share: '50%' }, minimum: 4, window: '10s' })
    bench.tookMs = 100
    await bench.sendMany(4, 200)
    expect(bench.state).toBe(CLOSED)
    bench.tookMs = 101
    await bench.sendMany(4, 200)
    expect(bench.state).toBe(OPEN)
  })

  it('counts only the statuses that it is told', async () => {
    const bench = new Bench({ statuses: [429, 503] })
    await bench.sendMany(40, 500)
    expect(bench.state).toBe(CLOSED)
    await bench.sendMany(40, 429)
    expect(bench.state).toBe(OPEN)
  })

  it('logs and counts each transition', async () => {
    const bench = new Bench({ open: '1s', probes: 1 })
    await bench.sendMany(20, 500)
    await bench.context.clock.advance(1000)
    await bench.sendMany(1, 200)
    expect(bench.context.logger.lines).toEqual([
      {
        level: 'warn',
        facts: { scope: 'orders', from: 'closed', to: 'open', calls: 20, failed: 20, slow: 0, openMs: 1000 },
        message: 'the circuit is open: requests are refused',
      },
      {
        level: 'info',
        facts: { scope: 'orders', from: 'open', to: 'half-open', calls: 0, failed: 0, slow: 0, openMs: 1000 },
        message: 'the circuit is half-open: probing',
      },
      {
        level: 'info',
        facts: {
          scope: 'orders',
          from: 'half-open',
          to: 'closed',
          calls: 1,
          failed: 0,
          slow: 0,
          openMs: 1000,
        },
        message: 'the circuit is closed',
      },
    ])
    expect(Object.fromEntries(bench.context.meter.counts)).toEqual({
      'circuit_breaker_transitions_total{scope=orders,to=open}': 1,
      'circuit_breaker_transitions_total{scope=orders,to=half-open}': 1,
      'circuit_breaker_transitions_total{scope=orders,to=closed}': 1,
    })
  })

  it('is one circuit for the routes of a scope, and stays open over a reload', async () => {
    const kept = new Map<string, object>()
    const before = new Bench({}, new FakeContext({ kept }))
    await before.sendMany(20, 500)
    const after = new Bench({}, new FakeContext({ kept, route: 'orders.write' }))
    expect(after.state).toBe(OPEN)
    expect((await refusal(after.send())).code).toBe('CIRCUIT_OPEN')
    const other = new Bench({}, new FakeContext({ kept, scope: 'orders.search' }))
    expect((await other.send()).status).toBe(200)
  })
})

describe('the settings of circuitBreaker', () => {
  it('have a default for everything but slow calls', () => {
    expect(circuitBreaker.settings.parse({})).toEqual({
      errors: 0.5,
      window: 10_000,
      minimum: 20,
      open: 30_000,
      probes: 3,
    })
  })

  it.each([
    [{ errors: '0%' }],
    [{ errors: 50 }],
    [{ slow: {} }],
    [{ slow: { after: '2s', share: '0%' } }],
    [{ window: '0s' }],
    [{ window: 10 }],
    [{ open: '2d' }],
    [{ minimum: 0 }],
    [{ probes: 0 }],
    [{ statuses: [] }],
    [{ statuses: [200] }],
    [{ error: '50%' }],
  ])('refuse %j', (value) => {
    expect(circuitBreaker.settings.safeParse(value).success).toBe(false)
  })

  it('accept the example', () => {
    const { services } = parse(readFileSync('examples/circuit-breaker.yaml', 'utf8'))
    expect(circuitBreaker.settings.parse(services.orders.circuitBreaker).slow).toEqual({
      after: 2000,
      share: 0.8,
    })
    expect(circuitBreaker.settings.parse(services.orders.routes.search.circuitBreaker).errors).toBe(0.25)
  })
})
