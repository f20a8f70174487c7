// How hooks become a chain: order of stages, of hooks in and out, of filters; closing.
import { describe, expect, it } from 'vitest'
import { compileChain } from '../../../src/chain/chain.ts'
import type { Call, Filter, PlacedHooks, UpstreamRequest } from '../../../src/plugin.ts'
import { STAGES } from '../../../src/plugin.ts'
import { createExchange, createService, tellingHooks } from './exchanges.ts'

const service = createService()

function namedFilter(name: string, told: string[]): Filter {
  return (next: Call): Call =>
    async (request) => {
      told.push(`${name} before`)
      const response = await next(request)
      told.push(`${name} after`)
      return response
    }
}

describe('the stages', () => {
  it('run from the edge to the service, whatever order the hooks are given in', () => {
    const told: string[] = []
    const hooks = STAGES.toReversed().map((stage) => tellingHooks(stage, stage, told))
    const chain = compileChain(hooks, service.call)
    for (const onRequest of chain.onRequest) void onRequest?.(createExchange())
    expect(told).toEqual(['edge in', 'identity in', 'policy in', 'request in', 'resilience in'])
  })

  it('keep the given order inside one stage', () => {
    const told: string[] = []
    const hooks = ['a', 'b', 'c'].map((name) => tellingHooks('policy', name, told))
    for (const onRequest of compileChain(hooks, service.call).onRequest) void onRequest?.(createExchange())
    expect(told).toEqual(['a in', 'b in', 'c in'])
  })
})

describe('a compiled chain', () => {
  it('has onRequest and onResponse of the same hooks at the same places', () => {
    const onRequest: PlacedHooks = { stage: 'edge', onRequest: () => {} }
    const onResponse: PlacedHooks = { stage: 'edge', onResponse: () => {} }
    const neither: PlacedHooks = { stage: 'edge', onFinish: () => {} }
    const chain = compileChain([neither, onRequest, neither, onResponse], service.call)
    expect(chain.onRequest.map((hook) => hook !== undefined)).toEqual([true, false])
    expect(chain.onResponse.map((hook) => hook !== undefined)).toEqual([false, true])
  })

  it('finishes innermost first', () => {
    const told: string[] = []
    const hooks = [tellingHooks('resilience', 'inner', told), tellingHooks('edge', 'outer', told)]
    for (const onFinish of compileChain(hooks, service.call).onFinish) onFinish(createExchange())
    expect(told).toEqual(['inner end', 'outer end'])
  })

  it('costs nothing where nothing is on', () => {
    const chain = compileChain([], service.call)
    expect(chain).toMatchObject({ onRequest: [], onResponse: [], onFinish: [] })
    expect(chain.call).toBe(service.call)
  })

  it('calls hooks as methods of their object', () => {
    const seen: unknown[] = []
    const hooks = {
      stage: 'edge',
      onRequest() {
        seen.push(this)
      },
      onResponse() {
        seen.push(this)
      },
      onFinish() {
        seen.push(this)
      },
      upstream(next: Call) {
        seen.push(this)
        return next
      },
      async close() {
        seen.push(this)
      },
    } as const satisfies PlacedHooks
    const chain = compileChain([hooks], service.call)
    void chain.onRequest[0]?.(createExchange())
    void chain.onResponse[0]?.(createExchange(), {} as never)
    chain.onFinish[0]?.(createExchange())
    void chain.close?.()
    expect(seen).toHaveLength(5)
    expect(seen.every((one) => one === hooks)).toBe(true)
  })
})

describe('filters', () => {
  it('fold around the service outermost first, by stage and then by order', async () => {
    const told: string[] = []
    const hooks: PlacedHooks[] = [
      { stage: 'resilience', upstream: namedFilter('retry', told) },
      { stage: 'resilience', upstream: namedFilter('breaker', told) },
      { stage: 'request', onRequest: () => {} },
      { stage: 'policy', upstream: namedFilter('cache', told) },
    ]
    const request = { path: '/x' } as UpstreamRequest
    const recorded = createService()
    const response = await compileChain(hooks, recorded.call).call(request)
    expect(response.status).toBe(200)
    expect(recorded.asked).toEqual([request])
    expect(told).toEqual([
      'cache before',
      'retry before',
      'breaker before',
      'breaker after',
      'retry after',
      'cache after',
    ])
  })
})

describe('closing', () => {
  it('closes every hook that has something to close, once', async () => {
    const closed: string[] = []
    const closing = (name: string): PlacedHooks => ({
      stage: 'policy',
      close: async () => void closed.push(name),
    })
    await compileChain([closing('a'), { stage: 'edge' }, closing('b')], service.call).close?.()
    expect(closed.sort()).toEqual(['a', 'b'])
  })

  it('says when one could not be closed', async () => {
    const stuck: PlacedHooks = { stage: 'edge', close: () => Promise.reject(new Error('stuck')) }
    await expect(compileChain([stuck], service.call).close?.()).rejects.toThrow('stuck')
  })
})
