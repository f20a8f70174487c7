// What becomes of a call that fails and of a hook that fails on the way out.
import { describe, expect, it } from 'vitest'
import { HeaderList } from '../../../src/headers.ts'
import { GatewayError, type PlacedHooks } from '../../../src/plugin.ts'
import { createService, run, tellingHooks } from './exchanges.ts'

describe('a call that fails', () => {
  it('is an answer that every hook sees', async () => {
    const told: string[] = []
    const failure = new GatewayError('UPSTREAM_RESET')
    const hooks = [tellingHooks('edge', 'a', told), tellingHooks('policy', 'b', told)]
    const { answer, exchange } = await run(hooks, createService(failure))
    expect(told).toEqual(['a in', 'b in', 'b out 502', 'a out 502'])
    expect(answer.status).toBe(502)
    expect(exchange.error).toBe(failure)
  })

  it('with something foreign is a fault of the gateway', async () => {
    const { answer } = await run([], createService(new Error('ECONNREFUSED 10.0.0.7')))
    expect(answer).toMatchObject({ status: 500, body: 'INTERNAL_ERROR' })
  })

  it('inside a filter that recovers is no failure', async () => {
    const recovering: PlacedHooks = {
      stage: 'resilience',
      upstream: (next) => (request) =>
        next(request).catch(() => ({ status: 200, headers: new HeaderList(), body: {} as never })),
    }
    const { answer, exchange } = await run([recovering], createService(new GatewayError('UPSTREAM_RESET')))
    expect(answer.status).toBe(200)
    expect(exchange.error).toBeUndefined()
  })
})

describe('an onResponse that throws', () => {
  const throwing = (thrown: unknown): PlacedHooks => ({
    stage: 'policy',
    onResponse() {
      throw thrown
    },
  })

  it('replaces the answer, drops the body of the service, and the outer hooks see the new answer', async () => {
    const told: string[] = []
    const error = new GatewayError('OVERLOADED')
    const hooks = [
      tellingHooks('edge', 'outer', told),
      throwing(error),
      tellingHooks('request', 'inner', told),
    ]
    const { answer, exchange, service } = await run(hooks)
    expect(told).toEqual(['outer in', 'inner in', 'inner out 200', 'outer out 503'])
    expect(answer).toMatchObject({ status: 503, body: 'OVERLOADED' })
    expect(exchange.error).toBe(error)
    expect(service.discarded).toBe(1)
  })

  it('may reject instead, with anything', async () => {
    const rejecting: PlacedHooks = { stage: 'edge', onResponse: () => Promise.reject('nonsense') }
    const { answer, exchange } = await run([rejecting])
    expect(answer.status).toBe(500)
    expect(exchange.error?.cause).toBe('nonsense')
  })

  it('may do so twice on one answer: the last word counts', async () => {
    const hooks = [
      throwing(new GatewayError('IDENTITY_UNAVAILABLE')),
      throwing(new GatewayError('OVERLOADED')),
    ]
    const { answer, service } = await run(hooks)
    expect(answer).toMatchObject({ body: 'IDENTITY_UNAVAILABLE' })
    expect(service.discarded).toBe(1)
  })

  it.each([['text'], [Buffer.from('bytes')]])(
    'replaces an answer of the gateway (%o) without a fuss',
    async (body) => {
      const answering: PlacedHooks = {
        stage: 'request',
        onRequest: (exchange) => exchange.respond({ status: 200, body }),
      }
      const { answer } = await run([throwing(new GatewayError('OVERLOADED')), answering])
      expect(answer.status).toBe(503)
    },
  )
})
