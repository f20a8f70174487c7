import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import {
  createStatusServer,
  type Readiness,
  type StatusServerOptions,
} from '../../../src/admin/status-server.ts'
import { capturedLog } from './captured-log.ts'
import { call, exchangeBytes } from './raw-http.ts'

const READY: Readiness = { ready: true, checks: { config: true, listeners: true } }

const closers: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function start(change: Partial<StatusServerOptions> = {}) {
  const { logger, lines } = capturedLog()
  const server = createStatusServer({
    address: '127.0.0.1:0',
    logger,
    isReady: () => READY,
    metricsText: async () => ['gateway_up', ' 1\n'],
    ...change,
  })
  const { port, host } = await server.listen()
  closers.push(() => server.close())
  return { port, host, lines, server, get: (path: string, method = 'GET') => call({ port, path, method }) }
}

describe('the probes', () => {
  it('say that the process lives, under both names', async () => {
    const { get } = await start({ isReady: () => ({ ready: false, checks: {} }) })
    for (const path of ['/livez', '/healthz', '/livez?x=1']) {
      expect(await get(path)).toMatchObject({ status: 200, body: 'ok\n' })
    }
  })

  it('say whether it is ready', async () => {
    let state = READY
    const { get } = await start({ isReady: () => state })
    expect(await get('/readyz')).toMatchObject({ status: 200, body: 'ok\n' })
    state = { ready: false, checks: { config: true, draining: false } }
    expect(await get('/readyz')).toMatchObject({ status: 503, body: 'not ready\n' })
  })

  it('list their checks when asked to', async () => {
    const { get } = await start({
      isReady: () => ({ ready: false, checks: { config: true, draining: false } }),
    })
    const body = '[+]config ok\n[-]draining failed\nnot ready\n'
    expect(await get('/readyz?verbose')).toMatchObject({ status: 503, body })
    expect((await get('/readyz?a=1&verbose=true')).body).toBe(body)
    expect((await get('/readyz?verbosely')).body).toBe('not ready\n')
  })

  it('answer HEAD without a body, and are never cached', async () => {
    const { get } = await start()
    const reply = await get('/readyz', 'HEAD')
    expect(reply).toMatchObject({ status: 200, body: '' })
    expect(reply.headers).toMatchObject({
      'content-length': '3',
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    expect(reply.headers).not.toHaveProperty('server')
    expect(reply.headers).not.toHaveProperty('x-powered-by')
  })
})

describe('the metrics', () => {
  it('are sent as Prometheus text', async () => {
    const { get } = await start()
    const reply = await get('/metrics')
    expect(reply).toMatchObject({ status: 200, body: 'gateway_up 1\n' })
    expect(reply.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8')
  })

  it('are given to a few scrapers at once, the others come again', async () => {
    const waiting: ((parts: string[]) => void)[] = []
    const { get } = await start({ metricsText: () => new Promise((resolve) => waiting.push(resolve)) })
    const four = Array.from({ length: 4 }, () => get('/metrics'))
    await expect.poll(() => waiting.length).toBe(4)
    const fifth = await get('/metrics')
    expect(fifth.status).toBe(503)
    expect(fifth.headers['retry-after']).toBe('1')
    for (const resolve of waiting.splice(0)) resolve(['x 1\n'])
    expect((await Promise.all(four)).map(({ status }) => status)).toEqual([200, 200, 200, 200])
    const sixth = get('/metrics')
    await expect.poll(() => waiting.length).toBe(1)
    waiting[0]!(['x 2\n'])
    expect((await sixth).body).toBe('x 2\n')
  })

  it('arrive whole when they are large, and a reader that leaves disturbs nobody', async () => {
    const parts = Array.from({ length: 40 }, (_, n) => `x{n="${n}"} ${'1'.repeat(200_000)}\n`)
    const { port, get, lines } = await start({ metricsText: async () => parts })
    const socket = connect(port, '127.0.0.1', () => socket.write('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'))
    await once(socket, 'data')
    socket.destroy()
    const reply = await get('/metrics')
    expect(reply.body).toBe(parts.join(''))
    expect(await get('/metrics', 'HEAD')).toMatchObject({ status: 200, body: '' })
    expect(lines).toEqual([])
  })

  it('that fail are a 500 and a log line, and the server lives', async () => {
    const { get, lines } = await start({ metricsText: () => Promise.reject(new Error('no numbers')) })
    expect(await get('/metrics')).toMatchObject({ status: 500, body: '' })
    expect(lines).toMatchObject([{ level: 'error', facts: { listener: 'status' } }])
    expect((await get('/livez')).status).toBe(200)
  })
})

describe('everything else', () => {
  it('is not there', async () => {
    const { get } = await start()
    for (const path of [
      '/',
      '/api/reload',
      '/metrics/',
      '/livez/x',
      '//livez',
      '/debug/pprof',
      '/__proto__',
      '/constructor',
    ]) {
      expect(await get(path), path).toMatchObject({ status: 404, body: 'not found\n' })
    }
    expect((await get('http://127.0.0.1/livez')).status).toBe(404)
  })

  it('is no method but GET and HEAD', async () => {
    const { get } = await start()
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH']) {
      const reply = await get('/metrics', method)
      expect(reply.status).toBe(405)
      expect(reply.headers.allow).toBe('GET, HEAD')
    }
  })

  it('cannot smuggle a second request in a body', async () => {
    const { port } = await start()
    const inner = 'GET /readyz HTTP/1.1\r\nHost: a\r\n\r\n'
    const reply = await exchangeBytes(
      port,
      `GET /livez HTTP/1.1\r\nHost: a\r\nContent-Length: ${inner.length}\r\n\r\n${inner}`,
    )
    expect(reply.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(reply.toLowerCase()).toContain('connection: close')
  })

  it.each([
    ['garbage', '\x16\x03\x01\x02garbage\r\n\r\n', /^HTTP\/1\.1 400/],
    [
      'a head that is too large',
      `GET /livez HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(9000)}\r\n\r\n`,
      /^HTTP\/1\.1 431/,
    ],
    ['a request without Host', 'GET /livez HTTP/1.1\r\n\r\n', /^HTTP\/1\.1 400/],
    ['CONNECT', 'CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n', /^$/],
    [
      'an upgrade',
      'GET /livez HTTP/1.1\r\nHost: a\r\nConnection: upgrade, close\r\nUpgrade: h2c\r\n\r\n',
      /^HTTP\/1\.1 200/,
    ],
  ])('takes %s and lives', async (_, bytes, answer) => {
    const { port, get } = await start()
    expect(await exchangeBytes(port, bytes)).toMatch(answer)
    expect((await get('/livez')).status).toBe(200)
  })
})

describe('the listener', () => {
  it('says where it listens, and that an address is taken', async () => {
    const { port, host } = await start()
    expect(host).toBe('127.0.0.1')
    expect(port).toBeGreaterThan(0)
    await expect(start({ address: `127.0.0.1:${port}` })).rejects.toThrow(
      `cannot listen on the status address 127.0.0.1:${port}`,
    )
  })

  it('listens on every interface when no host is named', async () => {
    const { host, get } = await start({ address: ':0' })
    expect(['::', '0.0.0.0']).toContain(host)
    expect((await get('/livez')).status).toBe(200)
  })

  it('refuses an address that is none before anything starts', () => {
    const { logger } = capturedLog()
    const options = { address: 'nonsense', logger, isReady: () => READY, metricsText: async () => [] }
    expect(() => createStatusServer(options)).toThrow('"nonsense" is not an address to listen on')
  })

  it('can be started again after its end', async () => {
    const { server } = await start()
    await server.close()
    const { port } = await server.listen()
    expect(await call({ port, path: '/livez' })).toMatchObject({ status: 200 })
  })

  it('closes at once, connections that are open included, and frees its port', async () => {
    const { port, server } = await start({ metricsText: () => new Promise(() => {}) })
    const hanging = call({ port, path: '/metrics' })
    const ended = expect(hanging).rejects.toThrow()
    await expect.poll(() => call({ port, path: '/livez' }).then(({ status }) => status)).toBe(200)
    await server.close()
    await ended
    const again = createServer().listen(port, '127.0.0.1')
    await new Promise((resolve) => again.once('listening', resolve))
    await new Promise((resolve) => again.close(resolve))
  })
})
