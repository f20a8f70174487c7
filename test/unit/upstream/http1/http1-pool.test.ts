// The connections to a target: which one is used again, for how long, and what becomes of those who wait.
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../../src/errors.ts'
import {
  asked,
  collect,
  createExchange,
  createRequest,
  eventually,
  failureOf,
  SETTINGS,
  startRaw,
  startRawService,
  startService,
  targets,
  turns,
} from '../rig.ts'

const ok = (...lines: string[]) =>
  `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join('')}Content-Length: 2\r\n\r\nok`

/** How many connections three requests, one after the other, need. */
async function connectionsFor(
  answer: string,
  idleTimeoutMs = SETTINGS.connections.idleTimeoutMs,
): Promise<number> {
  const target = await startRaw((socket) => void socket.write(answer))
  const connections = { ...SETTINGS.connections, idleTimeoutMs }
  const { service } = startService({ targets: targets(target.url), connections })
  for (let time = 0; time < 3; time++) {
    expect((await collect(service.call(createRequest()))).status).toBe(200)
    await turns()
  }
  return target.accepted.length
}

describe('a connection', () => {
  it.each([
    ['in HTTP/1.1', ok(), 1],
    ['kept in words', ok('Connection: Keep-Alive'), 1],
    ['in HTTP/1.0', ok().replace('1.1', '1.0'), 3],
    ['in HTTP/1.0, kept in words', ok('Connection: keep-alive').replace('1.1', '1.0'), 1],
    ['that is said to close', ok('Connection: CLOSE'), 3],
    ['that is said to close and to stay', ok('Connection: keep-alive', 'Connection: close'), 3],
    ['kept for a minute', ok('Keep-Alive: timeout=60, max=100'), 1],
    ['kept for so short that it may be gone already', ok('Keep-Alive: max=100, timeout=2'), 3],
    ['kept for no time', ok('Keep-Alive: timeout=0'), 3],
    ['kept for something else', ok('Keep-Alive: x-timeout=0'), 1],
  ])('%s', async (_what, answer, expected) => {
    expect(await connectionsFor(answer)).toBe(expected)
  })

  it('that has been idle for too long is closed, also when nobody asks any more', async () => {
    const target = await startRaw((socket) => void socket.write(ok()))
    const connections = { ...SETTINGS.connections, idleTimeoutMs: 1 }
    const { service } = startService({ targets: targets(target.url), connections })
    await collect(service.call(createRequest()))
    await expect.poll(() => target.accepted[0]!.destroyed).toBe(true)
    expect((await collect(service.call(createRequest()))).status).toBe(200)
    expect(target.accepted).toHaveLength(2)
  })

  it('used last is used first', async () => {
    const { target, call } = await startRawService(() => {})
    const calls = [call(), call()]
    await asked(target, 2)
    for (const [at, calling] of calls.entries()) {
      target.accepted[at]!.write(ok())
      await collect(calling)
    }
    await turns()
    const third = call()
    await asked(target, 3)
    target.accepted[1]!.write(ok())
    expect((await collect(third)).body).toBe('ok')
  })
})

describe('a kept connection that is closed when a request has just been sent on it', () => {
  /** Answers the first request of each connection, and closes at the second. */
  const closing = (used = new WeakSet<object>()) =>
    startRawService((socket) => {
      if (used.has(socket)) socket.destroy()
      else socket.write(ok())
      used.add(socket)
    })

  it.each(['GET', 'DELETE'])('costs a %s nothing: it is sent once more, on another', async (method) => {
    const { target, call } = await closing()
    for (const expected of [1, 3, 5]) {
      expect((await collect(call({ method }))).status).toBe(200)
      expect(target.requests).toHaveLength(expected)
      await turns()
    }
  })

  it('fails what may not be sent twice', async () => {
    const { target, call } = await closing()
    await collect(call())
    await turns()
    expect(await failureOf(call({ method: 'POST' }))).toMatchObject({ code: 'UPSTREAM_RESET' })
    expect(target.requests).toHaveLength(2)
  })

  it('is not met twice by one request', async () => {
    let seen = 0
    const { target, call } = await startRawService((socket) => {
      if (++seen === 1) socket.write(ok())
      else socket.destroy()
    })
    await collect(call())
    await turns()
    expect(await failureOf(call())).toMatchObject({ code: 'UPSTREAM_RESET' })
    expect(target.requests).toHaveLength(3)
  })

  it('is a failure when something of the answer had come', async () => {
    let seen = 0
    const { target, call } = await startRawService((socket) => {
      if (++seen === 1) socket.write(ok())
      else socket.end('HTTP/1.1 200 O')
    })
    await collect(call())
    await turns()
    expect(await failureOf(call())).toMatchObject({ code: 'UPSTREAM_RESET' })
    expect(target.requests).toHaveLength(2)
  })
})

describe('those who wait for a connection', () => {
  it('get it in the order in which they came', async () => {
    const { target, call } = await startRawService((socket) => void socket.write(ok()), { max: 1, queue: 10 })
    await Promise.all(['/0', '/1', '/2', '/3'].map((path) => collect(call({ path }))))
    expect(target.requests.map((request) => request.slice(4, 6))).toEqual(['/0', '/1', '/2', '/3'])
    expect(target.accepted).toHaveLength(1)
  })

  it('get another when the one that they waited for breaks', async () => {
    const { target, call } = await startRawService(
      (socket, request) => void (request.startsWith('GET /0') ? socket.destroy() : socket.write(ok())),
      { max: 1, queue: 10 },
    )
    const first = failureOf(call({ path: '/0' }))
    const second = collect(call({ path: '/1' }))
    expect((await first).code).toBe('UPSTREAM_RESET')
    expect((await second).body).toBe('ok')
    expect(target.accepted).toHaveLength(2)
  })

  it('and have gone are passed over, however many', async () => {
    const { target, rig, call } = await startRawService(() => {}, { max: 1, queue: 1 })
    const first = call()
    await asked(target)
    for (let time = 0; time < 20; time++) {
      const exchange = createExchange()
      const gone = failureOf(call({ exchange, path: '/gone' }))
      exchange.abort.abort(new GatewayError('CLIENT_CLOSED'))
      expect((await gone).code).toBe('CLIENT_CLOSED')
    }
    const last = call({ path: '/last' })
    expect(rig.service.targets[0]!.pending).toBe(2)
    target.accepted[0]!.write(ok())
    await collect(first)
    await asked(target, 2)
    expect(target.requests[1]).toMatch(/^GET \/last /)
    target.accepted[0]!.write(ok())
    expect((await collect(last)).body).toBe('ok')
  })

  it('have not been served when the pool is destroyed; who is served is cut off', async () => {
    const { target, rig, call } = await startRawService(() => {}, { max: 1, queue: 1 })
    const first = failureOf(call())
    await asked(target)
    const second = failureOf(call())
    const { pool } = rig.service.targets[0]!
    // By then it has been handed to the pool.
    await turns()
    await pool.destroy()
    expect(await first).toMatchObject({ code: 'UPSTREAM_RESET', unprocessed: false })
    expect(await second).toMatchObject({ code: 'UPSTREAM_RESET', unprocessed: true })
    expect(pool.closed).toBe(true)
    await eventually(() => target.accepted[0]!.destroyed)
  })
})
