// One request on one connection when things take their time: timeouts, clients that go, bodies that break.
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/plugin.ts'
import {
  asked,
  bodyOf,
  closed,
  collect,
  createExchange,
  failureOf,
  HEAD,
  startRawService,
  turns,
} from './rig.ts'

const silent = () => {}

describe('waiting for the head', () => {
  it('ends with the time of the attempt: the connection is closed', async () => {
    const { target, rig, call } = await startRawService(silent)
    const failing = failureOf(call({ attemptTimeoutMs: 1000 }))
    await asked(target)
    await rig.clock.advance(999)
    expect(rig.ended).toEqual([])
    await rig.clock.advance(1)
    expect(await failing).toMatchObject({ code: 'UPSTREAM_TIMEOUT', unprocessed: false })
    expect(rig.ended).toMatchObject([{ durationMs: 1000, status: 0 }])
    await closed(target)
    expect(rig.service.targets[0]!.pending).toBe(0)
  })

  it('ends with the deadline of the exchange when that is sooner', async () => {
    const { target, rig, call } = await startRawService(silent)
    await rig.clock.advance(500)
    const exchange = createExchange({ deadlineAt: 700 })
    const failing = failureOf(call({ exchange, attemptTimeoutMs: 1000 }))
    await asked(target)
    await rig.clock.advance(199)
    expect(rig.ended).toEqual([])
    await rig.clock.advance(1)
    expect((await failing).code).toBe('UPSTREAM_TIMEOUT')
  })

  it('of a deadline that has passed already is not begun, and no target is blamed', async () => {
    const { target, rig, call } = await startRawService(silent)
    await rig.clock.advance(500)
    expect(await failureOf(call({ exchange: createExchange({ deadlineAt: 500 }) }))).toMatchObject({
      code: 'UPSTREAM_TIMEOUT',
      unprocessed: true,
    })
    await turns()
    expect(target.accepted).toEqual([])
    expect(rig.started).toEqual([])
  })

  it('is not made longer by a head that drips (UR-40) or by informational responses', async () => {
    const { target, rig, call } = await startRawService(
      (socket) => void socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 '),
    )
    const failing = failureOf(call({ attemptTimeoutMs: 1000 }))
    await asked(target)
    for (const byte of 'OK\r\nX-A: 1') {
      target.accepted[0]!.write(byte)
      await rig.clock.advance(100)
    }
    expect((await failing).code).toBe('UPSTREAM_TIMEOUT')
    await closed(target)
  })

  it('has no end when nobody set one', async () => {
    const { target, rig, call } = await startRawService(silent)
    const calling = call()
    await asked(target)
    expect(rig.clock.timers).toBe(0)
    target.accepted[0]!.write(`${HEAD}abcdef`)
    expect((await collect(calling)).status).toBe(200)
  })

  it('leaves no timer behind, however it ends', async () => {
    const { rig, call } = await startRawService((socket, request) =>
      request.startsWith('GET /bad') ? socket.destroy() : socket.write(`${HEAD}abcdef`),
    )
    await collect(call({ attemptTimeoutMs: 1000, exchange: createExchange({ deadlineAt: 5000 }) }))
    expect(rig.clock.timers).toBe(0)
    await failureOf(call({ path: '/bad', attemptTimeoutMs: 1000 }))
    expect(rig.clock.timers).toBe(0)
  })
})

describe('waiting for a connection', () => {
  it('that never comes in time was not processed, and the request is never sent', async () => {
    const { target, rig, call } = await startRawService(silent, { max: 1, queue: 1 })
    const first = failureOf(call({ attemptTimeoutMs: 2000 }))
    await asked(target)
    const second = failureOf(call({ path: '/second', attemptTimeoutMs: 1000 }))
    await rig.clock.advance(1000)
    expect(await second).toMatchObject({ code: 'UPSTREAM_TIMEOUT', unprocessed: true })
    await rig.clock.advance(1000)
    expect(await first).toMatchObject({ code: 'UPSTREAM_TIMEOUT', unprocessed: false })
    await turns(50)
    expect(target.requests).toHaveLength(1)
  })

  it('is over for a client that goes away, and the request is never sent', async () => {
    const { target, rig, call } = await startRawService(silent, { max: 1, queue: 1 })
    const first = failureOf(call({ attemptTimeoutMs: 1000 }))
    await asked(target)
    const exchange = createExchange()
    const second = failureOf(call({ path: '/second', exchange }))
    exchange.abort.abort(new GatewayError('CLIENT_CLOSED'))
    expect((await second).code).toBe('CLIENT_CLOSED')
    await rig.clock.advance(1000)
    await first
    await turns(50)
    expect(target.requests).toHaveLength(1)
  })
})

describe('a client that goes away', () => {
  const gone = new GatewayError('CLIENT_CLOSED')

  it('before the call sends nothing', async () => {
    const { target, rig, call } = await startRawService(silent)
    const exchange = createExchange()
    exchange.abort.abort(gone)
    expect(await failureOf(call({ exchange }))).toBe(gone)
    await turns()
    expect(target.accepted).toEqual([])
    expect(rig.service.targets[0]!.pending).toBe(0)
  })

  it('while the head is awaited closes the connection at once', async () => {
    const { target, rig, call } = await startRawService(silent)
    const exchange = createExchange()
    const failing = failureOf(call({ exchange }))
    await asked(target)
    exchange.abort.abort(gone)
    expect(await failing).toBe(gone)
    await closed(target)
    expect(rig.ended).toMatchObject([{ status: 0, error: gone }])
  })

  it('in the middle of the body closes the connection at once', async () => {
    const { target, call } = await startRawService((socket) => void socket.write(`${HEAD}abc`))
    const exchange = createExchange()
    const response = await call({ exchange })
    const collecting = collect(response)
    exchange.abort.abort(gone)
    expect(await collecting).toMatchObject({ body: 'abc', failure: gone })
    await closed(target)
  })

  it('after the end changes nothing', async () => {
    const { target, call } = await startRawService((socket) => void socket.write(`${HEAD}abcdef`))
    const exchange = createExchange()
    expect((await collect(call({ exchange }))).failure).toBeUndefined()
    exchange.abort.abort(gone)
    await turns()
    expect(target.accepted[0]!.destroyed).toBe(false)
  })

  it('is listened for no longer than the call lasts', async () => {
    const { call } = await startRawService((socket, request) =>
      request.startsWith('GET /bad') ? socket.destroy() : socket.write(`${HEAD}abcdef`),
    )
    const exchange = createExchange()
    for (const path of ['/x', '/bad', '/x']) await collect(call({ exchange, path })).catch(() => {})
    expect(exchange.cancelListeners).toEqual(new Set())
  })

  it('for a reason that is no error still ends the attempt', async () => {
    const { target, call } = await startRawService(silent)
    const exchange = createExchange()
    const failing = failureOf(call({ exchange }))
    await asked(target)
    exchange.abort.abort('because')
    expect(await failing).toMatchObject({ name: 'GatewayError', unprocessed: false })
    await closed(target)
  })
})

describe('the body of the request', () => {
  it('that breaks off is never a whole request, and is told as what it was', async () => {
    const { target, call } = await startRawService(silent)
    const body = new Readable({ read() {} })
    const failing = failureOf(call({ method: 'POST', body: bodyOf(body) }))
    body.push('abc')
    await asked(target)
    const error = new GatewayError('BODY_TOO_LARGE')
    body.destroy(error)
    expect(await failing).toBe(error)
    await closed(target)
    expect(target.requests.join('')).not.toContain('0\r\n\r\n')
  })

  it('need not be whole for an answer (UR-44): the connection is not used again', async () => {
    const { target, call } = await startRawService(
      (socket) => void socket.write('HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n'),
    )
    const body = new Readable({ read() {} })
    body.push('abc')
    expect(await collect(call({ method: 'POST', body: bodyOf(body) }))).toMatchObject({
      status: 413,
      failure: undefined,
    })
    await closed(target)
    expect(body.destroyed).toBe(true)
  })

  it('that cannot be opened fails the attempt', async () => {
    const { target, rig, call } = await startRawService(silent)
    const error = new GatewayError('CLIENT_CLOSED')
    const body = {
      ...bodyOf('abc'),
      open: () => {
        throw error
      },
    }
    expect(await failureOf(call({ method: 'POST', body }))).toBe(error)
    expect(target.accepted).toEqual([])
    expect(rig.service.targets[0]!.pending).toBe(0)
  })
})

describe('a request that may not be sent', () => {
  it.each([
    ['path', { path: '/a b' }],
    ['path', { path: 'a' }],
    ['header', { headers: ['Host', 'x', 'X-A', 'a\r\nb'] }],
    ['header', { headers: ['Host', 'x', 'Expect', '100-continue'] }],
    ['method', { method: 'G T' }],
  ])('because of its %s is a fault of the gateway, and the target is not blamed', async (_what, options) => {
    const { target, rig, call } = await startRawService(silent)
    expect(await failureOf(call(options))).toMatchObject({ code: 'INTERNAL_ERROR', source: 'gateway' })
    expect(target.accepted).toEqual([])
    expect(rig.service.targets[0]).toMatchObject({ pending: 0 })
    expect(rig.ended).toHaveLength(1)
  })
})
