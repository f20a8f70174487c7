// The body of a response: its limits in time, backpressure, discarding and the end that is told once.
import { describe, expect, it } from 'vitest'
import type { GatewayError, UpstreamResponse } from '../../../src/plugin.ts'
import { asked, closed, collect, createExchange, eventually, HEAD, startRawService, turns } from './rig.ts'

describe('the body of the response', () => {
  it('that falls silent is cut after the idle time (UR-41)', async () => {
    const { target, call } = await startRawService((socket) => void socket.write(`${HEAD}abc`))
    const collected = await collect(call({ idleTimeoutMs: 100 }))
    expect(collected).toMatchObject({ status: 200, body: 'abc', failure: { code: 'UPSTREAM_TIMEOUT' } })
    await closed(target)
  })

  it('is cut at the deadline of the exchange', async () => {
    const { target, rig, call } = await startRawService((socket) => void socket.write(`${HEAD}abc`))
    await rig.clock.advance(500)
    const exchange = createExchange({ deadlineAt: 1500 })
    const collecting = collect(call({ exchange, attemptTimeoutMs: 100 }))
    await asked(target)
    await turns()
    await rig.clock.advance(999)
    target.accepted[0]!.write('d')
    await turns()
    await rig.clock.advance(1)
    expect(await collecting).toMatchObject({ body: 'abcd', failure: { code: 'UPSTREAM_TIMEOUT' } })
    await closed(target)
  })

  it('of an event stream has no deadline', async () => {
    const { target, rig, call } = await startRawService(
      (socket) =>
        void socket.write(
          'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\ndata: 1\n\n',
        ),
    )
    const collecting = collect(await call({ exchange: createExchange({ deadlineAt: 1000 }) }))
    await rig.clock.advance(10_000)
    expect(rig.clock.timers).toBe(0)
    target.accepted[0]!.end('data: 2\n\n')
    expect(await collecting).toMatchObject({ body: 'data: 1\n\ndata: 2\n\n', failure: undefined })
  })
})

describe('a body that only the end of the connection delimits', () => {
  const start = () =>
    startRawService((socket) => void socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc'))

  it('is whole when the connection was closed', async () => {
    const { target, call } = await start()
    const response = await call()
    target.accepted[0]!.end('def')
    expect(await collect(response)).toMatchObject({ body: 'abcdef', failure: undefined })
  })

  it('is not when it was reset', async () => {
    const { target, call } = await start()
    const response = await call()
    target.accepted[0]!.resetAndDestroy()
    expect(await collect(response)).toMatchObject({ body: 'abc', failure: { code: 'UPSTREAM_RESET' } })
  })
})

describe('a body that nobody reads', () => {
  it('pauses the target: what is kept is bounded, and all of it comes when somebody reads', async () => {
    const total = 20_000_000
    const { target, call } = await startRawService((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`)
      socket.write(Buffer.alloc(total, 97))
    })
    const response = await call()
    await turns(200)
    expect(target.accepted[0]!.writableLength).toBeGreaterThan(total / 2)
    const { body, failure } = await collect(response)
    expect([body.length, failure]).toEqual([total, undefined])
  })

  it('waits for the reader to have room, chunk by chunk', async () => {
    const total = 5_000_000
    const { call } = await startRawService((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`)
      socket.write(Buffer.alloc(total))
    })
    const { body } = await call()
    let received = 0
    let chunks = 0
    const done = new Promise<void>((resolve) => {
      body.stream({
        write(chunk) {
          received += chunk.length
          chunks++
          return false
        },
        end: () => resolve(),
        fail: () => resolve(),
      })
    })
    await turns(50)
    const stuckAt = chunks
    await turns(50)
    expect(chunks).toBe(stuckAt)
    expect(received).toBeLessThan(1_000_000)
    let ended = false
    void done.then(() => {
      ended = true
    })
    while (!ended) {
      body.resume()
      await turns(1)
    }
    expect(received).toBe(total)
  })
})

describe('discarding', () => {
  it('a body under way closes the connection and tells who listens, once', async () => {
    const { target, rig, call } = await startRawService((socket) => void socket.write(`${HEAD}abc`))
    const { body } = await call()
    const ends: (GatewayError | undefined)[] = []
    body.onEnd((failure) => ends.push(failure))
    body.discard()
    body.discard()
    await closed(target)
    expect(ends).toHaveLength(1)
    expect(ends[0]).toMatchObject({ name: 'GatewayError' })
    expect(rig.service.targets[0]!.pending).toBe(0)
  })

  it('a body that has arrived keeps the connection', async () => {
    const { target, call } = await startRawService((socket) => void socket.write(`${HEAD}abcdef`))
    const { body } = await call()
    await eventually(() => body.complete !== undefined)
    body.discard()
    await turns()
    expect(target.accepted[0]!.destroyed).toBe(false)
    await collect(call())
    expect(target.accepted).toHaveLength(1)
  })
})

describe('the end of a body', () => {
  const ended = (response: UpstreamResponse) =>
    new Promise<GatewayError | undefined>((resolve) => void response.body.onEnd(resolve))

  it('is told to every listener, also to a late one', async () => {
    const { call } = await startRawService((socket) => void socket.write(`${HEAD}abcdef`))
    const response = await call()
    const early = ended(response)
    await collect(response)
    expect([await early, await ended(response)]).toEqual([undefined, undefined])
  })

  it('is told as the failure that it was', async () => {
    const { call } = await startRawService((socket) => void socket.end(`${HEAD}abc`))
    const response = await call()
    expect(await ended(response)).toMatchObject({ source: 'upstream' })
    expect((await collect(response)).failure).toBe(await ended(response))
  })

  it('is the same for a reader that comes after it', async () => {
    const { call } = await startRawService((socket) => void socket.write(`${HEAD}abcdef`))
    const response = await call()
    await eventually(() => response.body.complete !== undefined)
    expect(await collect(response)).toMatchObject({ body: 'abcdef', failure: undefined })
    expect(response.body.complete).toBeUndefined()
    response.body.resume()
  })
})
