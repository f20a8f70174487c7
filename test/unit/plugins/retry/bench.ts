// A gateway with the plugin `retry` alone, in front of a service that ends its calls as a test lines them up.
import { retry } from '../../../../plugins/retry/retry.ts'
import type { RetrySettings } from '../../../../plugins/retry/settings.ts'
import { type Call, GatewayError, type Hooks, type UpstreamResponse } from '../../../../src/plugin.ts'
import { type ExchangeFacts, FakeContext, FakeExchange, type FakeResponse, response } from './fakes.ts'

/** A response, a thrown error, or a response that comes later. */
export type Ending = FakeResponse | Error | Promise<FakeResponse>

export interface Sent {
  readonly exchange: FakeExchange
  readonly answer: Promise<UpstreamResponse>
}

export class RetryBench {
  readonly context: FakeContext<RetrySettings>
  readonly hooks: Hooks
  /** The `X-Gateway-Attempt` of each call that the service got. */
  readonly attemptHeaders: (string | undefined)[] = []
  /** How the next calls end; after that, 200. */
  endings: Ending[] = []
  readonly #call: Call

  constructor(value: unknown = {}, context = new FakeContext<RetrySettings>()) {
    this.context = context
    this.hooks = retry.create(retry.settings.parse(value), context) as Hooks
    this.#call = this.hooks.upstream!(async (request) => {
      this.attemptHeaders.push(request.headers.get('x-gateway-attempt'))
      const ending = this.endings.shift() ?? response(200)
      if (ending instanceof Error) throw ending
      return ending
    })
  }

  get calls(): number {
    return this.attemptHeaders.length
  }

  async send(facts?: ExchangeFacts): Promise<Sent> {
    const exchange = new FakeExchange(facts)
    await this.hooks.onRequest?.(exchange)
    return { exchange, answer: this.#call(exchange.request) }
  }

  /** The outcome after any waiting: a status, or the code of a failure. */
  async outcome(facts?: ExchangeFacts): Promise<number | string> {
    const { answer } = await this.send(facts)
    const settled = answer.then(
      ({ status }) => status,
      (error: unknown) => (error instanceof GatewayError ? error.code : String(error)),
    )
    await this.context.clock.advance(60_000)
    return settled
  }

  retried(reason: string): number | undefined {
    return this.context.meter.counts.get(`retry_attempts_total{service=orders,reason=${reason}}`)
  }

  exhausted(reason: string): number | undefined {
    return this.context.meter.counts.get(`retry_exhausted_total{service=orders,reason=${reason}}`)
  }
}
