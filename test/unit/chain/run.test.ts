// One exchange through its chain: who sees the request, who the response, and what a refusal becomes.
import { describe, expect, it } from 'vitest'
import { compileChain } from '../../../src/chain/chain.ts'
import { runChain } from '../../../src/chain/run.ts'
import { HeaderList } from '../../../src/headers.ts'
import { GatewayError, type PlacedHooks } from '../../../src/plugin.ts'
import { createExchange, createService, MAKE, run, tellingHooks } from './exchanges.ts'

describe('an exchange that passes', () => {
  it('runs in outermost first, reaches the service, and comes out innermost first', async () => {
    const told: string[] = []
    const hooks = [
      tellingHooks('edge', 'a', told),
      tellingHooks('policy', 'b', told),
      tellingHooks('policy', 'c', told),
    ]
    const { answer, exchange, service } = await run(hooks)
    expect(told).toEqual(['a in', 'b in', 'c in', 'c out 200', 'b out 200', 'a out 200'])
    expect(answer.status).toBe(200)
    expect(service.asked).toEqual([exchange.request])
    expect(exchange.error).toBeUndefined()
  })

  it('waits for a hook that takes its time before the next one runs', async () => {
    const told: string[] = []
    const slow: PlacedHooks = {
      stage: 'edge',
      async onRequest() {
        await new Promise(setImmediate)
        told.push('slow in')
      },
      async onResponse() {
        await new Promise(setImmediate)
        told.push('slow out')
      },
    }
    await run([
      { stage: 'edge', onResponse: () => void told.push('outer out') },
      slow,
      tellingHooks('policy', 'fast', told),
    ])
    expect(told).toEqual(['slow in', 'fast in', 'fast out 200', 'slow out', 'outer out'])
  })

  it('gives the response of the service to the hooks, which may change it', async () => {
    const hook: PlacedHooks = {
      stage: 'edge',
      onResponse(_exchange, response) {
        response.status = 202
        response.headers.set('X-Seen', 'yes')
      },
    }
    const { answer } = await run([hook])
    expect([answer.status, answer.headers.get('x-seen')]).toEqual([202, 'yes'])
  })
})

describe('synchronous hooks', () => {
  it('are not awaited: the service is called before any other task may run', () => {
    const service = createService()
    const hooks = Array.from({ length: 10 }, (): PlacedHooks => ({ stage: 'edge', onRequest: () => {} }))
    void runChain(compileChain(hooks, service.call), createExchange(), MAKE)
    expect(service.asked).toHaveLength(1)
  })

  it('cost the same number of turns, ten or none, on the way out as well', async () => {
    const turnsOf = async (count: number) => {
      const hooks = Array.from(
        { length: count },
        (): PlacedHooks => ({
          stage: 'edge',
          onRequest: () => {},
          onResponse: () => {},
        }),
      )
      let turns = 0
      let done = false
      const running = run(hooks).then(() => {
        done = true
      })
      while (!done) {
        turns++
        await null
      }
      await running
      return turns
    }
    expect(await turnsOf(10)).toBe(await turnsOf(0))
  })
})

describe('a hook that refuses', () => {
  const refusal = new GatewayError('RATE_LIMITED')
  const refusing = (told: string[]): PlacedHooks => ({
    ...tellingHooks('policy', 'limit', told),
    onRequest() {
      throw refusal
    },
  })

  it('sees its own refusal go out, as the outer ones do, but not the inner ones', async () => {
    const told: string[] = []
    const hooks = [
      tellingHooks('edge', 'outer', told),
      refusing(told),
      tellingHooks('request', 'inner', told),
    ]
    const { answer, exchange, service } = await run(hooks)
    expect(told).toEqual(['outer in', 'limit out 429', 'outer out 429'])
    expect(answer).toMatchObject({ status: 429, body: 'RATE_LIMITED' })
    expect(exchange.error).toBe(refusal)
    expect(service.asked).toEqual([])
  })

  it('may be the only one, or the last one', async () => {
    const told: string[] = []
    await run([refusing(told)])
    await run([tellingHooks('edge', 'outer', told), refusing(told)])
    expect(told).toEqual(['limit out 429', 'outer in', 'limit out 429', 'outer out 429'])
  })

  it('may refuse by a promise', async () => {
    const { answer } = await run([{ stage: 'edge', onRequest: () => Promise.reject(refusal) }])
    expect(answer.status).toBe(429)
  })

  it('that throws something else is a fault of the gateway, told to nobody', async () => {
    const broken: PlacedHooks = {
      stage: 'edge',
      onRequest() {
        throw new TypeError('cannot read 10.0.0.7')
      },
    }
    const { answer, exchange } = await run([broken])
    expect(answer).toMatchObject({ status: 500, body: 'INTERNAL_ERROR' })
    expect(exchange.error?.cause).toBeInstanceOf(TypeError)
  })
})

describe('a hook that answers', () => {
  const answering = (told: string[]): PlacedHooks => ({
    ...tellingHooks('policy', 'mock', told),
    onRequest(exchange) {
      told.push('mock in')
      exchange.respond({ status: 203, body: 'mine', headers: new HeaderList(['X-A', '1']) })
    },
  })

  it('keeps the rest of the chain and the service out of it', async () => {
    const told: string[] = []
    const hooks = [
      tellingHooks('edge', 'outer', told),
      answering(told),
      tellingHooks('request', 'inner', told),
    ]
    const { answer, exchange, service } = await run(hooks)
    expect(told).toEqual(['outer in', 'mock in', 'mock out 203', 'outer out 203'])
    expect(answer).toMatchObject({ status: 203, body: 'mine', headers: { pairs: ['X-A', '1'] } })
    expect(service.asked).toEqual([])
    expect(exchange.error).toBeUndefined()
  })

  it('may be the last one', async () => {
    const told: string[] = []
    const { service } = await run([answering(told)])
    expect(told).toEqual(['mock in', 'mock out 203'])
    expect(service.asked).toEqual([])
  })

  it('and then throws, refuses', async () => {
    const torn: PlacedHooks = {
      stage: 'edge',
      onRequest(exchange) {
        exchange.respond({ status: 200 })
        throw new GatewayError('UNAUTHENTICATED')
      },
    }
    expect((await run([torn])).answer.status).toBe(401)
  })
})
