// What clients must not be able to do to others: each was found by attacking a running gateway.
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { sendRaw } from '../support/http-client.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'

let target: TargetServer
let gateway: TestGateway

beforeEach(async () => {
  target = await startTarget()
  gateway = await startTestGateway(`
accessLog: false
auth: { keys: { type: apiKey } }
consumers: { acme: { apiKey: a-key-of-sixteen-or-more } }
services:
  api:
    targets: [${target.url}]
    retry: { attempts: 2 }
    circuitBreaker: { minimum: 5 }
    routes:
      slow: { match: /slow, auth: none, timeout: 300ms }
      admin: { match: /admin/*, auth: keys }
      all: { match: /*, auth: none }
`)
})

afterEach(async () => {
  await gateway.stop()
  await target.close()
})

describe('uploads that never end', () => {
  it.each(['POST', 'PUT'])(
    'by %s are the fault of their senders: no circuit opens, no target is ejected',
    async (method) => {
      const head = `${method} /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nabc`
      const answers = await Promise.all(Array.from({ length: 10 }, () => sendRaw(gateway.port, head)))
      for (const answer of answers) expect(answer).toContain('HTTP/1.1 408')
      expect((await gateway.get('/x')).status).toBe(200)
      expect(await gateway.metrics()).toMatch(/gateway_upstream_up\{[^}]*\} 1/)
      expect(await gateway.metrics()).not.toContain('kind="again"} 10')
    },
  )
})

describe('what is pipelined behind a message of doubtful framing', () => {
  it.each([
    'POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n',
    'GET /a HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n',
    'GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n',
    'TRACE /a HTTP/1.1\r\nHost: a\r\n\r\n',
  ])('never reaches the service: %j', async (doubtful) => {
    // A warm connection to the service, or the smuggled request would lose a race that it wins in production.
    await gateway.get('/warm')
    const smuggled = 'POST /smuggled HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n'
    await sendRaw(gateway.port, doubtful + smuggled)
    expect(target.seen.map(({ url }) => url)).toEqual(['/warm'])
  })
})

describe('path parameters', () => {
  it.each(['/admin;x', '/admin;/x', '/admin%3b', '/admin;x/users'])(
    'do not open a protected route: %s',
    async (path) => {
      const answer = await sendRaw(
        gateway.port,
        `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      )
      expect(answer).toContain('HTTP/1.1 401')
      expect(target.seen).toEqual([])
    },
  )

  it('are forwarded where the route is open', async () => {
    expect((await gateway.get('/matrix;v=1/x')).status).toBe(200)
    expect(target.seen[0]!.url).toBe('/matrix;v=1/x')
  })
})

describe('a client that resets right after sending', () => {
  it('is not served without an address', async () => {
    const reset = () =>
      new Promise<void>((resolve) => {
        const socket = connect(gateway.port, '127.0.0.1', () => {
          socket.write('POST /reset HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n')
          socket.resetAndDestroy()
          resolve()
        })
      })
    for (let sent = 0; sent < 50; sent++) await reset()
    expect((await gateway.get('/x')).status).toBe(200)
    for (const { headers } of target.seen) expect(headers['x-forwarded-for']).toBe('127.0.0.1')
  })

  it('does not wait for the refusal of CONNECT, and its reset is no error of the gateway', async () => {
    const uncaught: unknown[] = []
    const note = (thrown: unknown) => uncaught.push(thrown)
    process.on('uncaughtExceptionMonitor', note)
    for (let sent = 0; sent < 20; sent++) {
      const socket = connect(gateway.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write('CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n')
      await once(socket, 'data')
      socket.resetAndDestroy()
    }
    await expect.poll(() => gateway.metrics()).toContain('gateway_open_connections 0')
    process.off('uncaughtExceptionMonitor', note)
    expect(uncaught).toEqual([])
  })
})
