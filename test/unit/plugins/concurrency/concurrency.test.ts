// The plugin `concurrency`: permits, the bounded line, and who leaves it when.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { type ConcurrencySettings, concurrency } from '../../../../plugins/concurrency/concurrency.ts'
import { type Call, GatewayError, type Hooks, type UpstreamResponse } from '../../../../src/plugin.ts'
import {
  type ExchangeFacts,
  FakeContext,
  FakeExchange,
  type FakeResponse,
  refusal,
  response,
} from '../retry/fakes.ts'

interface Arrival {
  readonly exchange: FakeExchange
  readonly answer: Promise<UpstreamResponse>
}

/** A gateway with this plugin alone, in front of a service that answers each request at once with an open body. */
class Bench {
  readonly context: FakeContext<ConcurrencySettings>
  readonly served: FakeResponse[] = []
  service: Call = async () => {
    const answer = response(200)
    this.served.push(answer)
    return answer
  }
  readonly #call: Call

  constructor(value: unknown, context = new FakeContext<ConcurrencySettings>()) {
    this.context = context
    const hooks = concurrency.create(concurrency.settings.parse(value), context) as Hooks
    this.#call = hooks.upstream!((request) => this.service(request))
  }

  arrive(facts?: ExchangeFacts): Arrival {
    const exchange = new FakeExchange(facts)
    return { exchange, answer: this.#call(exchange.request) }
  }

  get inFlight(): number | undefined {
    return this.context.meter.read('concurrency_in_flight{scope=orders}')
  }

  get queued(): number | undefined {
    return this.context.meter.read('concurrency_queued{scope=orders}')
  }

  refused(reason: string): number | undefined {
    return this.context.meter.counts.get(`concurrency_refused_total{scope=orders,reason=${reason}}`)
  }
}

describe('concurrency', () => {
  it('gives a worker its part of what holds for the node', async () => {
    const context = new FakeContext<ConcurrencySettings>()
    context.ofNode = (total) => total / 2
    const bench = new Bench({ limit: 4, queue: 2, wait: '1s' }, context)
    await bench.arrive().answer
    await bench.arrive().answer
    const waiting = bench.arrive()
    expect(await refusal(bench.arrive().answer)).toMatchObject({ code: 'CONCURRENCY_LIMITED' })
    expect([bench.inFlight, bench.queued]).toEqual([2, 1])
    bench.served[0]!.body.end()
    await waiting.answer
  })

  it('lets requests through up to the limit and refuses the next with 503 and Retry-After', async () => {
    const bench = new Bench(2)
    await bench.arrive().answer
    await bench.arrive().answer
    const error = await refusal(bench.arrive().answer)
    expect(error.code).toBe('CONCURRENCY_LIMITED')
    expect(error.status).toBe(503)
    expect(error.headers).toEqual(['Retry-After', '1'])
    expect(bench.served).toHaveLength(2)
    expect(bench.refused('full')).toBe(1)
  })

  it('holds the permit until the response body has ended', async () => {
    const bench = new Bench(1)
    await bench.arrive().answer
    expect(bench.inFlight).toBe(1)
    await refusal(bench.arrive().answer)
    bench.served[0]!.body.end()
    expect(bench.inFlight).toBe(0)
    await bench.arrive().answer
    expect(bench.served).toHaveLength(2)
  })

  it('gives the permit back when the body fails or is discarded', async () => {
    const bench = new Bench(2)
    await bench.arrive().answer
    await bench.arrive().answer
    bench.served[0]!.body.end(new GatewayError('UPSTREAM_RESET'))
    bench.served[1]!.body.discard()
    expect(bench.inFlight).toBe(0)
  })

  it('gives the permit back when the call fails, and passes the failure on', async () => {
    const bench = new Bench(1)
    const failure = new GatewayError('UPSTREAM_UNREACHABLE')
    bench.service = async () => {
      throw failure
    }
    expect(await refusal(bench.arrive().answer)).toBe(failure)
    expect(bench.inFlight).toBe(0)
  })

  it('serves those who wait in the order of their coming', async () => {
    const bench = new Bench({ limit: 1, queue: 3 })
    await bench.arrive().answer
    const order: string[] = []
    const waiting = ['a', 'b', 'c'].map((name) =>
      bench.arrive().answer.then(() => {
        order.push(name)
      }),
    )
    expect(bench.queued).toBe(3)
    for (let served = 0; served < 3; served++) {
      bench.served[served]!.body.end()
      await waiting[served]
      expect(bench.inFlight).toBe(1)
    }
    expect(order).toEqual(['a', 'b', 'c'])
    expect(bench.queued).toBe(0)
    expect(bench.context.clock.timers).toBe(0)
  })

  it('refuses at once when the line is full', async () => {
    const bench = new Bench({ limit: 1, queue: 1 })
    await bench.arrive().answer
    const waiting = bench.arrive()
    expect((await refusal(bench.arrive().answer)).code).toBe('CONCURRENCY_LIMITED')
    bench.served[0]!.body.end()
    expect((await waiting.answer).status).toBe(200)
  })

  it('does not let a newcomer pass those who wait', async () => {
    const bench = new Bench({ limit: 1, queue: 5 })
    await bench.arrive().answer
    const first = bench.arrive()
    bench.served[0]!.body.end()
    const newcomer = bench.arrive()
    expect(bench.queued).toBe(1)
    await first.answer
    bench.served[1]!.body.end()
    await newcomer.answer
    expect(bench.served).toHaveLength(3)
  })

  it('refuses a request that waited for too long', async () => {
    const bench = new Bench({ limit: 1, queue: 1, wait: '200ms' })
    await bench.arrive().answer
    const waiting = refusal(bench.arrive().answer)
    await bench.context.clock.advance(199)
    expect(bench.queued).toBe(1)
    await bench.context.clock.advance(1)
    expect((await waiting).code).toBe('CONCURRENCY_LIMITED')
    expect((await waiting).headers).toEqual(['Retry-After', '1'])
    expect(bench.queued).toBe(0)
    expect(bench.refused('expired')).toBe(1)
  })

  it('refuses a request whose deadline passes in the line, before the wait is over', async () => {
    const bench = new Bench({ limit: 1, queue: 1, wait: '1s' })
    await bench.arrive().answer
    const waiting = refusal(bench.arrive({ deadlineAt: 300 }).answer)
    await bench.context.clock.advance(300)
    expect((await waiting).code).toBe('CONCURRENCY_LIMITED')
    expect(bench.context.clock.timers).toBe(0)
  })

  it('does not queue a request whose deadline has passed', async () => {
    const bench = new Bench({ limit: 1, queue: 1 })
    await bench.arrive().answer
    await bench.context.clock.advance(500)
    expect((await refusal(bench.arrive({ deadlineAt: 500 }).answer)).code).toBe('CONCURRENCY_LIMITED')
    expect(bench.queued).toBe(0)
  })

  it('drops a request from the line when its client goes away, without calling the service', async () => {
    const bench = new Bench({ limit: 1, queue: 3 })
    await bench.arrive().answer
    const [first, gone, last] = [bench.arrive(), bench.arrive(), bench.arrive()]
    gone.exchange.hangUp()
    expect((await refusal(gone.answer)).code).toBe('CLIENT_CLOSED')
    expect(bench.queued).toBe(2)
    bench.served[0]!.body.end()
    await first.answer
    bench.served[1]!.body.end()
    await last.answer
    expect(bench.served).toHaveLength(3)
    expect(bench.context.clock.timers).toBe(0)
  })

  it('does not queue a request whose client is gone already', async () => {
    const bench = new Bench({ limit: 1, queue: 1 })
    await bench.arrive().answer
    const exchange = new FakeExchange()
    exchange.hangUp()
    const call = (
      concurrency.create(concurrency.settings.parse({ limit: 1, queue: 1 }), bench.context) as Hooks
    ).upstream!(bench.service)
    expect((await refusal(call(exchange.request))).code).toBe('CLIENT_CLOSED')
    expect(bench.queued).toBe(0)
  })

  it('ignores a client that goes away after its turn has come', async () => {
    const bench = new Bench({ limit: 1, queue: 1 })
    await bench.arrive().answer
    const waiting = bench.arrive()
    bench.served[0]!.body.end()
    waiting.exchange.hangUp()
    await waiting.answer
    expect(bench.queued).toBe(0)
    expect(bench.inFlight).toBe(1)
    bench.served[1]!.body.end()
    expect(bench.inFlight).toBe(0)
  })

  it('shares one limit among the routes of a scope, and keeps it over a reload', async () => {
    const context = new FakeContext<ConcurrencySettings>()
    const one = new Bench(1, context)
    const other = new Bench(1, context)
    await one.arrive().answer
    expect((await refusal(other.arrive().answer)).code).toBe('CONCURRENCY_LIMITED')
    expect(other.inFlight).toBe(1)
    one.served[0]!.body.end()
    await other.arrive().answer
    expect(other.served).toHaveLength(1)
  })

  it('has a limit of its own for each scope', async () => {
    const kept = new Map<string, object>()
    const one = new Bench(1, new FakeContext({ kept }))
    const other = new Bench(1, new FakeContext({ kept, scope: 'orders.read' }))
    await one.arrive().answer
    await other.arrive().answer
    expect(one.inFlight).toBe(1)
    expect(one.served).toHaveLength(1)
    expect(other.served).toHaveLength(1)
  })
})

describe('the settings of concurrency', () => {
  it('takes a number as the limit, without a line', () => {
    expect(concurrency.settings.parse(100)).toEqual({ limit: 100, queue: 0, wait: 1000 })
  })

  it('fills in what an object leaves out', () => {
    expect(concurrency.settings.parse({ limit: 5, queue: 9 })).toEqual({ limit: 5, queue: 9, wait: 1000 })
  })

  it.each([
    [0],
    [1.5],
    ['100'],
    [{}],
    [{ limit: 0 }],
    [{ limit: 1, queue: -1 }],
    [{ limit: 1, queue: 100_001 }],
    [{ limit: 1, wait: 5 }],
    [{ limit: 1, wait: '0s' }],
    [{ limit: 1, wait: '2m' }],
    [{ limit: 1, queu: 2 }],
  ])('refuses %j', (value) => {
    expect(concurrency.settings.safeParse(value).success).toBe(false)
  })

  it('accepts the example', () => {
    const { services } = parse(readFileSync('examples/concurrency.yaml', 'utf8'))
    expect(concurrency.settings.parse(services.orders.concurrency)).toEqual({
      limit: 100,
      queue: 50,
      wait: 500,
    })
    expect(concurrency.settings.parse(services.orders.routes.report.concurrency).limit).toBe(4)
  })
})
