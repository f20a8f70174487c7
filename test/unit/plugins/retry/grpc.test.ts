// The plugin `retry` and calls of gRPC, whose failures come with the status 200.
import { describe, expect, it } from 'vitest'
import { RetryBudget } from '../../../../plugins/retry/budget.ts'
import { retryFilter } from '../../../../plugins/retry/filter.ts'
import { retry } from '../../../../plugins/retry/retry.ts'
import { FakeContext, FakeExchange, type FakeResponse, response } from './fakes.ts'

/** A call that gets these answers, one for each attempt. */
async function callOf(answers: readonly FakeResponse[], methods = ['POST']) {
  const context = new FakeContext()
  const settings = retry.settings.parse({ attempts: 3, methods, backoff: { base: '0ms', max: '0ms' } })
  const budget = new RetryBudget({ ratio: 1, perSecond: 10, nodes: () => 1 })
  const left = [...answers]
  const attempts: (string | undefined)[] = []
  const call = retryFilter({ settings, context, budget })((request) => {
    attempts.push(request.headers.get('grpc-previous-rpc-attempts'))
    return Promise.resolve(left.shift()!)
  })
  const exchange = new FakeExchange({ method: 'POST' })
  exchange.grpc = 'application/grpc'
  const answering = call(exchange.request)
  await context.clock.advance(1000)
  const answer = await answering
  return { attempts, status: answer.headers.get('grpc-status') }
}

const ended = (status: string, ...pairs: string[]) => response(200, 'grpc-status', status, ...pairs)

describe('retry of a call of gRPC', () => {
  it('that ended at once as UNAVAILABLE tells the service how many attempts came before', async () => {
    const { attempts, status } = await callOf([ended('14'), ended('14'), response(200)])
    expect(attempts).toEqual([undefined, '1', '2'])
    expect(status).toBeUndefined()
  })

  it('is not made for another status, nor for a method that may not be sent again', async () => {
    expect(await callOf([ended('5')])).toEqual({ attempts: [undefined], status: '5' })
    expect(await callOf([ended('14')], ['GET'])).toEqual({ attempts: [undefined], status: '14' })
  })

  it('waits for as long as the service pushes back', async () => {
    expect((await callOf([ended('14', 'grpc-retry-pushback-ms', '500'), ended('0')])).status).toBe('0')
  })

  it.each(['-1', 'x', '', '99999999999'])(
    'is not made when the service pushes back with %j',
    async (pushback) => {
      expect((await callOf([ended('14', 'grpc-retry-pushback-ms', pushback)])).status).toBe('14')
    },
  )
})
