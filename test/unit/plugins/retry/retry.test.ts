// The plugin `retry`: attempts, waiting, limits, and what it leaves behind.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { retry } from '../../../../plugins/retry/retry.ts'
import { GatewayError } from '../../../../src/plugin.ts'
import { RetryBench } from './bench.ts'
import { FakeContext, FakeRequestBody, type FakeResponse, refusal, response } from './fakes.ts'

const reset = () => new GatewayError('UPSTREAM_RESET')
const refused = () => new GatewayError('UPSTREAM_UNREACHABLE', { unprocessed: true })

describe('retry', () => {
  it('calls the service once when it answers, and adds nothing to the request', async () => {
    const bench = new RetryBench()
    const { exchange, answer } = await bench.send()
    expect((await answer).status).toBe(200)
    expect(bench.attemptHeaders).toEqual([undefined])
    expect(exchange.request.headers.pairs).toEqual([])
    expect(bench.context.meter.counts.size).toBe(0)
  })

  it('hides a failure, tells the service which attempt it is, and counts why', async () => {
    const bench = new RetryBench({ attempts: 2 })
    bench.endings = [reset(), response(503)]
    expect(await bench.outcome()).toBe(200)
    expect(bench.attemptHeaders).toEqual([undefined, '2', '3'])
    expect(bench.retried('reset')).toBe(1)
    expect(bench.retried('status')).toBe(1)
  })

  it('goes on counting where a trusted gateway in front began', async () => {
    const bench = new RetryBench({ attempts: 2 })
    bench.endings = [refused(), refused()]
    expect(await bench.outcome({ headers: ['X-Gateway-Attempt', '3'] })).toBe(200)
    expect(bench.attemptHeaders).toEqual(['3', '4', '5'])
  })

  it('does not take its own second attempt for one of a gateway in front', async () => {
    const bench = new RetryBench({ attempts: 3 })
    bench.endings = [reset(), reset(), reset()]
    expect(await bench.outcome()).toBe(200)
    expect(bench.calls).toBe(4)
  })

  it.each(['1', 'x', '0', '-2', '1e9', '2000', ''])(
    'takes X-Gateway-Attempt %j for a first attempt',
    async (value) => {
      const bench = new RetryBench()
      bench.endings = [reset()]
      expect(await bench.outcome({ headers: ['X-Gateway-Attempt', value] })).toBe(200)
      expect(bench.attemptHeaders[1]).toBe('2')
    },
  )

  it('gives the last outcome when the attempts are used up: a response', async () => {
    const bench = new RetryBench({ attempts: 2 })
    const last = response(504)
    bench.endings = [reset(), response(502), last]
    const { answer } = await bench.send()
    await bench.context.clock.advance(1000)
    expect(await answer).toBe(last)
    expect(last.body.discarded).toBe(false)
    expect(bench.exhausted('attempts')).toBe(1)
  })

  it('gives the last outcome when the attempts are used up: a failure', async () => {
    const bench = new RetryBench()
    const last = reset()
    bench.endings = [response(502), last]
    const { answer } = await bench.send()
    const error = refusal(answer)
    await bench.context.clock.advance(1000)
    expect(await error).toBe(last)
  })

  it('tries once more unless it is told a number', async () => {
    const bench = new RetryBench()
    bench.endings = [reset(), reset(), reset()]
    expect(await bench.outcome()).toBe('UPSTREAM_RESET')
    expect(bench.calls).toBe(2)
  })

  it('stops at an outcome that is not to be retried', async () => {
    const bench = new RetryBench({ attempts: 5 })
    bench.endings = [reset(), new GatewayError('NO_HEALTHY_TARGET')]
    expect(await bench.outcome()).toBe('NO_HEALTHY_TARGET')
    expect(bench.calls).toBe(2)
  })

  it('discards the body of a response that it does not hand on', async () => {
    const bench = new RetryBench()
    const dropped = response(503)
    bench.endings = [dropped]
    expect(await bench.outcome()).toBe(200)
    expect(dropped.body.discarded).toBe(true)
  })
})

describe('what is retried', () => {
  it('is only what `on` lists', async () => {
    const bench = new RetryBench({ on: ['timeout', 500] })
    for (const ending of [reset(), refused(), response(503)]) {
      bench.endings = [ending]
      await bench.outcome()
    }
    expect(bench.calls).toBe(3)
    bench.endings = [new GatewayError('UPSTREAM_TIMEOUT')]
    expect(await bench.outcome()).toBe(200)
    bench.endings = [response(500)]
    expect(await bench.outcome()).toBe(200)
  })

  it('takes a connection that broke before the request was taken for a failed connect', async () => {
    const bench = new RetryBench({ on: ['connect'] })
    bench.endings = [new GatewayError('UPSTREAM_RESET', { unprocessed: true })]
    expect(await bench.outcome({ method: 'POST' })).toBe(200)
    bench.endings = [reset()]
    expect(await bench.outcome()).toBe('UPSTREAM_RESET')
  })

  it('follows `methods` for what may have been processed', async () => {
    const bench = new RetryBench({ methods: ['POST'] })
    bench.endings = [reset()]
    expect(await bench.outcome({ method: 'POST' })).toBe(200)
    bench.endings = [reset()]
    expect(await bench.outcome({ method: 'GET' })).toBe('UPSTREAM_RESET')
    bench.endings = [refused()]
    expect(await bench.outcome({ method: 'GET' })).toBe(200)
  })

  it('includes 429 only when it is listed and says when to come back', async () => {
    const bench = new RetryBench({ on: [429] })
    bench.endings = [response(429, 'Retry-After', '1')]
    expect(await bench.outcome()).toBe(200)
    bench.endings = [response(429)]
    expect(await bench.outcome()).toBe(429)
    bench.endings = [response(429, 'Retry-After', 'soon')]
    expect(await bench.outcome()).toBe(429)
  })
})

describe('a request with a body', () => {
  const body = (length: number | undefined) => new FakeRequestBody({ present: true, length })

  it('is kept for another attempt, up to the limit', async () => {
    const bench = new RetryBench({ bodyLimit: '10KiB' })
    const [declared, chunked] = [body(10_240), body(undefined)]
    await (await bench.send({ body: declared })).answer
    await (await bench.send({ body: chunked })).answer
    expect(declared.retained).toEqual([10_240])
    expect(chunked.retained).toEqual([10_240])
  })

  it('is not kept when it is known to be too large, nor when there is none', async () => {
    const bench = new RetryBench({ bodyLimit: '10KiB' })
    const [large, none] = [body(10_241), new FakeRequestBody()]
    await (await bench.send({ body: large })).answer
    await (await bench.send({ body: none })).answer
    expect(large.retained).toEqual([])
    expect(none.retained).toEqual([])
  })

  it('is not sent again when it cannot be, even if nothing was processed', async () => {
    const bench = new RetryBench()
    bench.endings = [refused()]
    const streamed = new FakeRequestBody({ present: true, replayable: false })
    expect(await bench.outcome({ method: 'PUT', body: streamed })).toBe('UPSTREAM_UNREACHABLE')
    expect(bench.calls).toBe(1)
    expect(bench.exhausted('body')).toBe(1)
  })
})

describe('the wait before a retry', () => {
  it('is random up to the base, doubled for each further retry', async () => {
    const bench = new RetryBench({ attempts: 2, backoff: { base: '100ms', max: '1s' } })
    bench.context.randoms = [0.99, 0.5]
    bench.endings = [reset(), reset()]
    const { exchange, answer } = await bench.send()
    await bench.context.clock.advance(98)
    expect(bench.calls).toBe(1)
    await bench.context.clock.advance(1)
    expect(bench.calls).toBe(2)
    await bench.context.clock.advance(99)
    expect(bench.calls).toBe(2)
    await bench.context.clock.advance(1)
    expect((await answer).status).toBe(200)
    expect(bench.calls).toBe(3)
    expect(exchange.cancelListeners).toEqual(new Set())
  })

  it('frees the discarded connection before it waits', async () => {
    const bench = new RetryBench()
    const dropped = response(503, 'Retry-After', '5')
    bench.endings = [dropped]
    const { answer } = await bench.send()
    await bench.context.clock.advance(100)
    expect(dropped.body.discarded).toBe(true)
    expect(bench.calls).toBe(1)
    await bench.context.clock.advance(10_000)
    expect((await answer).status).toBe(200)
  })

  it('is what the service asked for in seconds, and up to half as much again', async () => {
    const bench = new RetryBench()
    bench.context.randoms = [0.5]
    bench.endings = [response(503, 'Retry-After', ' 2 ')]
    const { answer } = await bench.send()
    await bench.context.clock.advance(2499)
    expect(bench.calls).toBe(1)
    await bench.context.clock.advance(1)
    expect((await answer).status).toBe(200)
  })

  it('is what the service asked for as a date', async () => {
    const bench = new RetryBench()
    bench.context.randoms = [0]
    bench.endings = [response(503, 'Retry-After', 'Thu, 01 Jan 2026 00:00:04 GMT')]
    const { answer } = await bench.send()
    await bench.context.clock.advance(3999)
    expect(bench.calls).toBe(1)
    await bench.context.clock.advance(1)
    expect((await answer).status).toBe(200)
  })

  it('is none at all for Retry-After: 0', async () => {
    const bench = new RetryBench()
    bench.endings = [response(503, 'Retry-After', '0')]
    const { answer } = await bench.send({ method: 'POST' })
    expect((await answer).status).toBe(200)
    expect(bench.context.clock.timers).toBe(0)
  })

  it('falls back to the backoff when Retry-After is not valid', async () => {
    const bench = new RetryBench({ backoff: { base: '100ms', max: '1s' } })
    bench.endings = [response(503, 'Retry-After', 'tomorrow')]
    const { answer } = await bench.send()
    await bench.context.clock.advance(50)
    expect((await answer).status).toBe(200)
  })

  it('is never longer than half a minute, deadline or not: the answer is handed on', async () => {
    const bench = new RetryBench()
    const last = response(503, 'Retry-After', '31')
    bench.endings = [last]
    expect(await (await bench.send()).answer).toBe(last)
    expect(last.body.discarded).toBe(false)
    expect(bench.exhausted('deadline')).toBe(1)
  })

  it('must fit before the deadline, or the outcome is the answer at once', async () => {
    const bench = new RetryBench()
    bench.context.randoms = [0, 0]
    const last = response(503, 'Retry-After', '2')
    bench.endings = [last]
    expect(await (await bench.send({ deadlineAt: 2000 })).answer).toBe(last)
    expect(last.body.discarded).toBe(false)
    bench.endings = [response(503, 'Retry-After', '2')]
    const { answer } = await bench.send({ deadlineAt: 2001 })
    await bench.context.clock.advance(2000)
    expect((await answer).status).toBe(200)
    expect(bench.exhausted('deadline')).toBe(1)
  })

  it('is over when the deadline is: a last attempt that ran into it is not made again', async () => {
    const bench = new RetryBench()
    await bench.context.clock.advance(1000)
    bench.endings = [new GatewayError('UPSTREAM_TIMEOUT')]
    expect(await bench.outcome({ deadlineAt: 1000 })).toBe('UPSTREAM_TIMEOUT')
    expect(bench.calls).toBe(1)
  })

  it('ends when the client goes away, without another call and without a timer left', async () => {
    const bench = new RetryBench()
    bench.endings = [response(503, 'Retry-After', '5')]
    const { exchange, answer } = await bench.send()
    const error = refusal(answer)
    await bench.context.clock.advance(100)
    exchange.hangUp()
    expect((await error).code).toBe('CLIENT_CLOSED')
    expect(bench.context.clock.timers).toBe(0)
    await bench.context.clock.advance(10_000)
    expect(bench.calls).toBe(1)
  })

  it('does not begin when the client is gone already', async () => {
    const bench = new RetryBench()
    bench.endings = [reset()]
    const { exchange, answer } = await bench.send()
    exchange.hangUp()
    expect((await refusal(answer)).code).toBe('CLIENT_CLOSED')
    expect(bench.calls).toBe(1)
  })
})

describe('the budget of the service', () => {
  it('ends retries when it is used up, and the failures are the answers', async () => {
    const bench = new RetryBench({ budget: { ratio: '20%', perSecond: 0 } })
    let retried = 0
    for (let sent = 0; sent < 100; sent++) {
      bench.endings = [response(503), response(503)]
      const before = bench.calls
      const { answer } = await bench.send()
      await bench.context.clock.advance(25)
      expect((await answer).status).toBe(503)
      retried += bench.calls - before - 1
    }
    expect(retried).toBe(20)
    expect(bench.exhausted('budget')).toBe(80)
  })

  it('is one for the routes that share the setting', async () => {
    const settings = { budget: { ratio: '0%', perSecond: 0.1 } }
    const read = new RetryBench(settings)
    const { kept, clock } = read.context
    const write = new RetryBench(settings, new FakeContext({ kept, clock, route: 'orders.write' }))
    read.endings = [reset()]
    write.endings = [reset()]
    const first = (await read.send()).answer
    const second = refusal((await write.send()).answer)
    await clock.advance(100)
    expect((await first).status).toBe(200)
    expect((await second).code).toBe('UPSTREAM_RESET')
    expect(write.exhausted('budget')).toBe(1)
  })

  it('lets no more than a fifth of the requests under way be retries', async () => {
    const bench = new RetryBench()
    bench.endings = Array.from({ length: 40 }, () => response(503))
    const sent = await Promise.all(Array.from({ length: 40 }, () => bench.send()))
    const answers = Promise.all(sent.map(({ answer }) => answer))
    await bench.context.clock.advance(1000)
    const statuses = (await answers).map(({ status }) => status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(bench.calls - 40)
    expect(bench.calls - 40).toBeGreaterThanOrEqual(3)
    expect(bench.calls - 40).toBeLessThanOrEqual(8)
  })

  it('counts a service that asks for another try at once as loaded by it', async () => {
    const bench = new RetryBench()
    const held = Promise.withResolvers<FakeResponse>()
    const nacks = Array.from({ length: 40 }, () => response(503, 'Retry-After', '0'))
    bench.endings = [...nacks, ...new Array<typeof held.promise>(40).fill(held.promise)]
    const sent = await Promise.all(nacks.map(() => bench.send({ method: 'POST' })))
    const answers = Promise.all(sent.map(({ answer }) => answer))
    await bench.context.clock.advance(1)
    held.resolve(response(200))
    await answers
    expect(bench.calls).toBe(40 + 8)
  })

  it('does not take requests that have ended for requests under way', async () => {
    const bench = new RetryBench()
    for (let sent = 0; sent < 100; sent++) await (await bench.send()).answer
    bench.endings = Array.from({ length: 10 }, () => response(503))
    const sent = await Promise.all(Array.from({ length: 10 }, () => bench.send()))
    const answers = Promise.all(sent.map(({ answer }) => answer))
    await bench.context.clock.advance(1000)
    await answers
    expect(bench.calls).toBe(110 + 3)
  })

  it('hides a dead target from all, though a third of the requests met it at once', async () => {
    const bench = new RetryBench()
    bench.endings = Array.from({ length: 90 }, (_, call) => (call % 3 === 0 ? refused() : response(200)))
    const sent = await Promise.all(Array.from({ length: 90 }, () => bench.send()))
    const answers = Promise.all(sent.map(({ answer }) => answer))
    await bench.context.clock.advance(1000)
    expect((await answers).map(({ status }) => status)).toEqual(new Array(90).fill(200))
  })

  it('is whole again after each request: nothing stays counted as in flight', async () => {
    const bench = new RetryBench()
    for (let round = 0; round < 20; round++) {
      bench.endings = [response(503, 'Retry-After', '5')]
      const { exchange, answer } = await bench.send()
      const error = refusal(answer)
      await bench.context.clock.advance(1)
      exchange.hangUp()
      await error
    }
    bench.endings = [reset()]
    expect(await bench.outcome()).toBe(200)
  })
})

describe('the settings of retry', () => {
  it('have a default for everything', () => {
    expect(retry.settings.parse({})).toEqual({
      attempts: 1,
      on: ['connect', 'reset', 'timeout', 502, 503, 504],
      methods: ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE'],
      backoff: { base: 25, max: 250 },
      bodyLimit: 65_536,
      budget: { ratio: 0.2, perSecond: 10 },
    })
  })

  it.each([
    [{ attempts: 0 }],
    [{ attempts: 6 }],
    [{ on: [] }],
    [{ on: ['conect'] }],
    [{ on: [200] }],
    [{ on: ['503'] }],
    [{ methods: ['get'] }],
    [{ methods: [] }],
    [{ backoff: { base: 25 } }],
    [{ backoff: { max: '2m' } }],
    [{ bodyLimit: '2MiB' }],
    [{ bodyLimit: 65_536 }],
    [{ budget: { ratio: 0.2 } }],
    [{ budget: { perSecond: -1 } }],
    [{ budget: false }],
    [{ attempt: 2 }],
  ])('refuse %j', (value) => {
    expect(retry.settings.safeParse(value).success).toBe(false)
  })

  it('may not have a base that is longer than the limit', () => {
    const settings = retry.settings.parse({ backoff: { base: '1s' } })
    expect(retry.check(settings)).toEqual([
      { path: ['backoff', 'base'], message: 'base is longer than max', hint: 'raise backoff.max' },
    ])
    expect(retry.check(retry.settings.parse({}))).toEqual([])
  })

  it('accept the example', () => {
    const { services } = parse(readFileSync('examples/retry.yaml', 'utf8'))
    expect(retry.settings.parse(services.orders.retry).attempts).toBe(2)
    expect(services.orders.routes.webhook.retry).toBe(false)
  })
})
