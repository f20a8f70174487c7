// What the proxy library and the runtime get wrong by default must not happen here: each known defect has a test.
import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { send, sendRaw } from '../support/http-client.ts'
import { respondJson, startRawTarget, startTarget, type TargetServer } from '../support/target-server.ts'

const plain = (url: string, extra = '') => `
accessLog: false
services:
  api:
    targets: [${url}]
    routes:
      all: { match: /*${extra} }
`

let target: TargetServer
let gateway: TestGateway

beforeEach(async () => {
  target = await startTarget()
  gateway = await startTestGateway(plain(target.url))
})

afterEach(async () => {
  await gateway.stop()
  await target.close()
})

describe('a request', () => {
  it('reaches the service with method, path, query and body as they were sent', async () => {
    const response = await gateway.get('/a%20b/c?x=%zz&y=1&y=2', { method: 'PUT', body: 'bytes\xff' })
    expect(response.status).toBe(200)
    expect(target.seen[0]).toMatchObject({ method: 'PUT', url: '/a%20b/c?x=%zz&y=1&y=2' })
    expect(Buffer.from(target.seen[0]!.body, 'latin1').toString()).toBe('bytes\xff')
  })

  it('with Expect: 100-continue is served, its body intact (H5, F06)', async () => {
    const answer = await sendRaw(
      gateway.port,
      'POST /a HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc',
    )
    expect(answer).toContain('HTTP/1.1 200')
    expect(target.seen[0]!.body).toBe('abc')
  })

  it('with an unknown expectation is refused with 417 and never forwarded', async () => {
    const answer = await sendRaw(
      gateway.port,
      'POST /a HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nExpect: y 100-continue\r\nContent-Length: 3\r\n\r\nabc',
    )
    expect(answer).toContain('HTTP/1.1 417')
    expect(answer).toContain('EXPECTATION_FAILED')
    expect(target.seen).toEqual([])
  })

  it('loses its hop-by-hop headers and what Connection lists, but never what the gateway adds (F11, CVE-2026-33805)', async () => {
    await sendRaw(
      gateway.port,
      'GET /a HTTP/1.1\r\nHost: a.test\r\nConnection: close, X-Secret, X-Forwarded-For, X-Request-Id\r\nX-Secret: 1\r\n' +
        'Keep-Alive: timeout=5\r\nTE: trailers\r\nProxy-Authorization: x\r\nProxy-Connection: keep-alive\r\nTrailer: X\r\nUpgrade: h2c\r\n\r\n',
    )
    const { headers } = target.seen[0]!
    for (const gone of [
      'x-secret',
      'keep-alive',
      'te',
      'proxy-authorization',
      'proxy-connection',
      'trailer',
      'upgrade',
    ]) {
      expect(headers).not.toHaveProperty(gone)
    }
    expect(headers['x-forwarded-for']).toBe('127.0.0.1')
    expect(headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/)
  })

  it('cannot bring identity, override or forwarded headers from outside (F12, H19)', async () => {
    await gateway.get('/a', {
      headers: {
        'x-user-id': 'admin',
        'x-consumer-id': 'admin',
        x_user_id: 'admin',
        'x-auth-scopes': 'all',
        'x-forwarded-for': '1.2.3.4',
        'x-forwarded-proto': 'https',
        'x-real-ip': '1.2.3.4',
        forwarded: 'for=1.2.3.4',
        'x-original-url': '/admin',
        'x-http-method-override': 'DELETE',
        'x-request-id': 'chosen-by-client',
        'x-gateway-attempt': '5',
        'x-harmless': 'stays',
      },
    })
    const { headers } = target.seen[0]!
    expect(headers).toMatchObject({
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-proto': 'http',
      'x-harmless': 'stays',
      via: '1.1 turnpike',
    })
    expect(headers['x-request-id']).not.toBe('chosen-by-client')
    const mine = /^(x-user|x-consumer|x_|x-auth|x-real|forwarded|x-original|x-http-method|x-gateway)/
    expect(Object.keys(headers).filter((name) => mine.test(name))).toEqual([])
  })

  it('keeps a malformed content type and its body (http-proxy answers 415)', async () => {
    const response = await gateway.get('/a', {
      method: 'POST',
      headers: { 'content-type': 'foo' },
      body: '{"a":',
    })
    expect(response.status).toBe(200)
    expect(target.seen[0]).toMatchObject({ body: '{"a":' })
    expect(target.seen[0]!.headers['content-type']).toBe('foo')
  })

  it('with a body on GET is forwarded framed, not silently without it (H16)', async () => {
    await gateway.get('/a', { method: 'GET', headers: { 'content-length': '3' }, body: 'abc' })
    expect(target.seen[0]).toMatchObject({ method: 'GET', body: 'abc' })
  })

  it.each(['PROPFIND', 'QUERY', 'PATCH', 'DELETE'])('with the method %s passes', async (method) => {
    expect((await gateway.get('/a', { method })).status).toBe(200)
    expect(target.seen[0]!.method).toBe(method)
  })

  it.each([
    ['/a/..b', '/a/..b'],
    ['/.well-known/x', '/.well-known/x'],
    ['/%61dmin', '/admin'],
    ['/a%e4', '/a%E4'],
  ])('for the odd but legal path %s arrives as %s (H14)', async (sent, seen) => {
    expect(
      await sendRaw(gateway.port, `GET ${sent} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`),
    ).toContain(' 200 ')
    expect(target.seen[0]!.url).toBe(seen)
  })

  it.each([
    '/a/../b',
    '/a/..%2fb',
    '/a\\..\\b',
    '//evil.test/x',
    '/a%00',
    '/%252e%252e/b',
    '/a/..;/b',
    '/a%zz',
  ])('for the path %s is refused before anything else (F03, F16)', async (path) => {
    const answer = await sendRaw(gateway.port, `GET ${path} HTTP/1.1\r\nHost: a.test\r\n\r\n`)
    expect(answer).toContain('HTTP/1.1 400')
    expect(answer).toContain('INVALID_PATH')
    expect(target.seen).toEqual([])
  })

  it.each([
    ['two Host lines', 'Host: a\r\nHost: b', 'INVALID_HOST'],
    ['a list as Host', 'Host: a, b', 'INVALID_HOST'],
    ['a path in Host', 'Host: a/b', 'INVALID_HOST'],
    ['user info in Host', 'Host: x@a', 'INVALID_HOST'],
    ['an impossible port', 'Host: a:99999', 'INVALID_HOST'],
    ['an empty Host', 'Host:', 'INVALID_HOST'],
    ['gzip, chunked', 'Host: a\r\nTransfer-Encoding: gzip, chunked', 'TRANSFER_CODING_NOT_SUPPORTED'],
    ['identity, chunked', 'Host: a\r\nTransfer-Encoding: identity, chunked', 'TRANSFER_CODING_NOT_SUPPORTED'],
    [
      '1500 headers',
      `Host: a\r\n${Array.from({ length: 1500 }, (_, at) => `a${at}: 1`).join('\r\n')}`,
      'HEADERS_TOO_LARGE',
    ],
  ])('with %s is refused and the connection closed (F04, F05, F15)', async (_name, headers, code) => {
    const answer = await sendRaw(gateway.port, `GET /a HTTP/1.1\r\n${headers}\r\n\r\n`)
    expect(answer).toContain(code)
    expect(answer.toLowerCase()).toContain('connection: close')
    expect(target.seen).toEqual([])
  })
})

describe('what never becomes a request', () => {
  it.each([
    ['garbage', 'garbage\r\n\r\n', 400, 'BAD_REQUEST'],
    ['an unknown method', 'FOO /a HTTP/1.1\r\nHost: a\r\n\r\n', 400, 'BAD_REQUEST'],
    ['a control character', 'GET /a HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n', 400, 'BAD_REQUEST'],
    [
      '20 KB of headers',
      `GET /a HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      431,
      'HEADERS_TOO_LARGE',
    ],
  ])('%s is answered in our shape and counted', async (_name, bytes, status, code) => {
    const answer = await sendRaw(gateway.port, bytes)
    expect(answer).toContain(`HTTP/1.1 ${status} `)
    expect(answer).toContain(`"code":"${code}"`)
    expect(answer).toMatch(/x-request-id: [0-9a-f]{32}/i)
    expect(await gateway.metrics()).toContain(`gateway_malformed_requests_total{code="${code}"} 1`)
    expect(target.seen).toEqual([])
  })

  it.each([
    ['no Host', 'GET /a HTTP/1.1\r\n\r\n', 400, 'INVALID_HOST'],
    ['CONNECT', 'CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n', 501, 'METHOD_NOT_SUPPORTED'],
    [
      'length and coding',
      'POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n',
      400,
      'BAD_REQUEST',
    ],
  ])(
    'a request with %s is refused in our shape, counted as one, and is the last',
    async (_name, bytes, status, code) => {
      const answer = await sendRaw(gateway.port, bytes)
      expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`])
      expect(answer).toContain(`"code":"${code}"`)
      expect(answer).toMatch(/x-request-id: [0-9a-f]{32}/i)
      expect(await gateway.metrics()).not.toContain('gateway_malformed_requests_total')
      expect(target.seen).toEqual([])
    },
  )
})

describe('an answer', () => {
  it('is not retried or multiplied when it is 503 (H2, F02: the library asks 11 times)', async () => {
    target.answer = (_request, response) => respondJson(response, 503, { down: true })
    expect((await gateway.get('/a')).status).toBe(503)
    expect(target.seen).toHaveLength(1)
  })

  it('keeps the client connection whatever the service says of its own (H4, F10)', async () => {
    target.answer = (_request, response) => {
      response.writeHead(200, {
        connection: 'close, x-hop',
        'x-hop': '1',
        'proxy-authenticate': 'Basic',
        'x-end': '1',
      })
      response.end('ok')
    }
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const response = await gateway.get('/a', { agent })
    expect(response.headers).toMatchObject({ connection: 'keep-alive', 'x-end': '1' })
    expect(response.headers).not.toHaveProperty('x-hop')
    expect(response.headers).not.toHaveProperty('proxy-authenticate')
    agent.destroy()
  })

  it('keeps header order, case and duplicates, and Set-Cookie lines apart', async () => {
    target.answer = (_request, response) => {
      response.writeHead(200, ['X-CaSe', '1', 'Set-Cookie', 'a=1', 'set-cookie', 'b=2', 'X-CaSe', '2'])
      response.end('ok')
    }
    const { rawHeaders, headers } = await gateway.get('/a')
    expect(rawHeaders.slice(0, 8)).toEqual([
      'X-CaSe',
      '1',
      'Set-Cookie',
      'a=1',
      'set-cookie',
      'b=2',
      'X-CaSe',
      '2',
    ])
    expect(headers['set-cookie']).toEqual(['a=1', 'b=2'])
  })

  it('of a service that sends Trailer with Content-Length does not end the process (F01)', async () => {
    const raw = await startRawTarget((socket) =>
      socket.on('data', () => socket.write('HTTP/1.1 200 OK\r\nTrailer: a\r\nContent-Length: 2\r\n\r\nok')),
    )
    await gateway.reload(plain(raw.url))
    expect(await gateway.get('/a')).toMatchObject({ status: 200, body: 'ok' })
    expect((await gateway.get('/a')).status).toBe(200)
    await raw.close()
  })

  it.each([
    ['304 with Content-Length (H6, F07)', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', 304],
    [
      '100 Continue first (F08)',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
      200,
    ],
    [
      '103 first',
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
      200,
    ],
    ['garbage', 'SSH-2.0-OpenSSH_9.2\r\n', 502],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok', 502],
    ['gzip, chunked', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n', 502],
    ['101 that nobody asked for', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n', 502],
    ['40 KB of headers', `HTTP/1.1 200 OK\r\nA: ${'a'.repeat(40_000)}\r\n\r\n`, 502],
  ])('of a service that sends %s is %#', async (_name, bytes, status) => {
    const raw = await startRawTarget((socket) => socket.once('data', () => socket.end(bytes)))
    await gateway.reload(plain(raw.url))
    const response = await gateway.get('/a')
    expect(response.status).toBe(status)
    if (status === 502) expect(response.json()).toMatchObject({ source: 'upstream', retryable: true })
    await raw.close()
  })

  it('of a refused connection is 502 in our shape, with no internal address (H9, F09)', async () => {
    await gateway.reload(plain('http://127.0.0.1:9'))
    const response = await gateway.get('/a')
    expect(response.status).toBe(502)
    expect(response.headers['content-type']).toBe('application/problem+json')
    expect(response.json()).toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
      source: 'upstream',
      retryable: true,
      requestId: response.headers['x-request-id'],
    })
    expect(response.body).not.toContain('127.0.0.1')
  })

  it('that breaks off is broken off for the client, never ended cleanly (H10)', async () => {
    const raw = await startRawTarget((socket) =>
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nabc')),
    )
    await gateway.reload(plain(raw.url))
    const client = get(`${gateway.url}/a`)
    const [response] = await once(client, 'response')
    for (const socket of raw.sockets) socket.destroy()
    await expect(once(response.resume(), 'end')).rejects.toThrow('aborted')
    await raw.close()
  })

  it('that breaks off is told in the log as what it was, and not as a client that went away', async () => {
    const raw = await startRawTarget((socket) =>
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nabc')),
    )
    const logging = await startTestGateway(plain(raw.url).replace('accessLog: false', ''))
    const client = get(`${logging.url}/broken`)
    const [response] = await once(client, 'response')
    for (const socket of raw.sockets) socket.destroy()
    await expect(once(response.resume(), 'end')).rejects.toThrow('aborted')
    await expect
      .poll(() => logging.log.find(({ path }) => path === '/broken'))
      .toMatchObject({ cause: 'UPSTREAM_RESET', status: 200 })
    await logging.stop()
    await raw.close()
  })

  it('carries the trailers of the service (H8)', async () => {
    target.answer = (_request, response) => {
      response.writeHead(200, { trailer: 'x-sum' })
      response.write('body')
      response.addTrailers({ 'x-sum': '42' })
      response.end()
    }
    expect(await gateway.get('/a')).toMatchObject({ body: 'body', trailers: { 'x-sum': '42' } })
  })

  it('to HEAD does not cost a connection each time (H7)', async () => {
    for (let time = 0; time < 5; time++)
      expect((await gateway.get('/a', { method: 'HEAD' })).status).toBe(200)
    expect(target.connections()).toBe(1)
  })
})

describe('a client that goes away', () => {
  it.each(['GET', 'POST'])('has its %s aborted at the service before the head (H3)', async (method) => {
    const aborted = Promise.withResolvers<void>()
    const reached = Promise.withResolvers<void>()
    target.answer = (_request, response) => {
      response.on('close', () => aborted.resolve())
      reached.resolve()
    }
    const client = connect(gateway.port, '127.0.0.1')
    client.write(`${method} /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc`)
    await reached.promise
    client.destroy()
    await aborted.promise
    await expect.poll(() => gateway.metrics()).toContain('CLIENT_CLOSED')
  })
})

describe('a client that reads slowly', () => {
  it('makes the service wait instead of filling memory', async () => {
    let written = 0
    const chunk = Buffer.alloc(64 * 1024)
    target.answer = (_request, response) => {
      response.writeHead(200)
      const pump = () => {
        while (response.write(chunk)) written += chunk.length
        written += chunk.length
        if (written < 300 * 1024 * 1024) response.once('drain', pump)
      }
      pump()
    }
    const client = connect(gateway.port, '127.0.0.1')
    client.write('GET /big HTTP/1.1\r\nHost: a\r\n\r\n')
    client.pause()
    let before = -1
    const hasStopped = () => {
      const stopped = before === written
      before = written
      return stopped
    }
    await expect.poll(hasStopped, { interval: 200 }).toBe(true)
    expect(written).toBeLessThan(64 * 1024 * 1024)
    client.destroy()
  })
})

describe('a forwarded answer of any size', () => {
  it.each([0, 1, 1000, 16 * 1024, 16 * 1024 + 1, 1024 * 1024])('of %d bytes is byte-exact', async (size) => {
    const body = Buffer.from(Array.from({ length: size }, (_, at) => (at * 31) % 256))
    target.answer = (_request, response) => response.end(body)
    const response = await send(`${gateway.url}/a`)
    expect(Buffer.from(response.body, 'latin1').equals(body)).toBe(true)
  })
})
