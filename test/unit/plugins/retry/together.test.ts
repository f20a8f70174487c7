// The four resilience plugins in their order: what each sees of the others.
import { describe, expect, it } from 'vitest'
import { circuitBreaker } from '../../../../plugins/circuit-breaker/circuit-breaker.ts'
import { concurrency } from '../../../../plugins/concurrency/concurrency.ts'
import { retry } from '../../../../plugins/retry/retry.ts'
import { timeout } from '../../../../plugins/timeout/timeout.ts'
import {
  type Call,
  GatewayError,
  type Hooks,
  type Plugin,
  type UpstreamResponse,
} from '../../../../src/plugin.ts'
import { FakeContext, FakeExchange, type FakeResponse, refusal, response } from './fakes.ts'

class Gateway {
  readonly context = new FakeContext()
  readonly hooks: readonly Hooks[]
  calls = 0
  service: () => Promise<FakeResponse> = async () => response(200)

  constructor(settings: { readonly [name: string]: unknown }) {
    this.hooks = [
      ...this.#create(timeout, settings),
      ...this.#create(concurrency, settings),
      ...this.#create(circuitBreaker, settings),
      ...this.#create(retry, settings),
    ]
  }

  async send(): Promise<UpstreamResponse> {
    const exchange = new FakeExchange()
    for (const hooks of this.hooks) await hooks.onRequest?.(exchange)
    const service: Call = () => {
      this.calls++
      return this.service()
    }
    const call = this.hooks.reduceRight((next, hooks) => hooks.upstream?.(next) ?? next, service)
    return call(exchange.request)
  }

  // Each plugin has a context of its own, as kept state is never shared between plugins.
  #create<S>(plugin: Plugin<S>, settings: { readonly [name: string]: unknown }): readonly Hooks[] {
    if (!(plugin.name in settings)) return []
    const { clock, meter } = this.context
    const context = new FakeContext<S>({ clock, meter })
    return [plugin.create(plugin.settings.parse(settings[plugin.name]), context) as Hooks]
  }

  get inFlight(): number | undefined {
    return this.context.meter.read('concurrency_in_flight{scope=orders}')
  }

  get circuit(): number | undefined {
    return this.context.meter.read('circuit_breaker_state{scope=orders}')
  }
}

describe('the resilience plugins together', () => {
  it('do not retry what an open circuit refused, and hold no permit for it', async () => {
    const gateway = new Gateway({ concurrency: 10, circuitBreaker: { minimum: 1 }, retry: {} })
    gateway.service = async () => {
      throw new GatewayError('UPSTREAM_INVALID_RESPONSE')
    }
    await refusal(gateway.send())
    expect((await refusal(gateway.send())).code).toBe('CIRCUIT_OPEN')
    expect(gateway.calls).toBe(1)
    expect(gateway.inFlight).toBe(0)
  })

  it('show the circuit what became of the request, not the attempts that a retry hid', async () => {
    const gateway = new Gateway({ circuitBreaker: { minimum: 1, errors: '1%' }, retry: {} })
    gateway.service = async () => {
      if (gateway.calls === 1) throw new GatewayError('UPSTREAM_UNREACHABLE', { unprocessed: true })
      return response(200)
    }
    const answer = gateway.send()
    await gateway.context.clock.advance(100)
    expect((await answer).status).toBe(200)
    expect(gateway.calls).toBe(2)
    expect(gateway.circuit).toBe(0)
  })

  it('hold one permit for a request, through all of its attempts', async () => {
    const gateway = new Gateway({ concurrency: 10, retry: { attempts: 2 } })
    const served: FakeResponse[] = []
    gateway.service = async () => {
      served.push(response(gateway.calls < 3 ? 503 : 200))
      return served.at(-1)!
    }
    const answer = gateway.send()
    await gateway.context.clock.advance(13)
    expect(gateway.inFlight).toBe(1)
    await gateway.context.clock.advance(1000)
    await answer
    expect(gateway.inFlight).toBe(1)
    served.at(-1)!.body.end()
    expect(gateway.inFlight).toBe(0)
  })

  it('count the time in the line against the total', async () => {
    const gateway = new Gateway({ timeout: '100ms', concurrency: { limit: 1, queue: 1, wait: '10s' } })
    await gateway.send()
    const waiting = refusal(gateway.send())
    await gateway.context.clock.advance(100)
    expect((await waiting).code).toBe('CONCURRENCY_LIMITED')
  })

  it('do not begin a retry that the total would cut off', async () => {
    const gateway = new Gateway({ timeout: '1s', retry: {} })
    gateway.service = async () => response(503, 'Retry-After', '1')
    expect((await gateway.send()).status).toBe(503)
    expect(gateway.calls).toBe(1)
  })
})
