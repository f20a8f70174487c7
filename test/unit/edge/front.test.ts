// The client side on real sockets: every request reaches the gateway as it was sent, or is refused in one shape.
import { METHODS } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { ClientRequest, Serve } from '../../../src/edge/client-request.ts'
import { createFront, type Front } from '../../../src/edge/front.ts'
import { Spread } from '../../../src/edge/spread.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { startFront } from './fronts.ts'
import { LIMITS } from './test-limits.ts'
import { eventually, RawClient } from './wire.ts'

interface Seen {
  readonly method: string
  readonly target: string
  readonly rawHeaders: readonly string[]
  readonly body: string
}

interface Running {
  readonly front: Front
  readonly port: number
  readonly seen: Seen[]
  client(): Promise<RawClient>
}

/** A front that answers `ok` to everything and remembers what it saw. */
async function start(): Promise<Running> {
  const seen: Seen[] = []
  const serve: Serve = (request, response, target) => {
    const chunks: Buffer[] = []
    const answer = () => {
      const body = Buffer.concat(chunks).toString('latin1')
      seen.push({ method: request.method!, target, rawHeaders: request.rawHeaders, body })
      response.writeHead(200, 'OK', ['Content-Length', '2'])
      response.end('ok', 'latin1')
    }
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    // Without a body it has ended before anybody could listen; of a refused one nobody knows where it ends.
    if (isRefused(request) || request.complete) answer()
    else request.on('end', answer)
  }
  const { front, port } = await startFront(serve)
  return { front, port, seen, client: () => RawClient.connect(port) }
}

function isRefused(request: ClientRequest): boolean {
  try {
    return !request.head
  } catch {
    return true
  }
}

const CLOSE = 'Host: gw.test\r\nConnection: close\r\n'

async function exchange(running: Running, bytes: string): Promise<string> {
  const client = await running.client()
  client.write(bytes)
  return client.ended()
}

const status = (answer: string) => Number(answer.split(' ')[1])

describe('the target', () => {
  it.each([
    ...['/', '/a/../b', '/a//b', '//evil.test/x', '/a\\b', '/%2e%2e/%zz', '/a?b=%ff&c', '/a;b', '/a%00'],
    ...['http://gw.test/a', 'http://evil.test/a/../b', `/${'a'.repeat(9000)}`],
  ])('reaches the gateway untouched: %s', async (target) => {
    const running = await start()
    expect(status(await exchange(running, `GET ${target} HTTP/1.1\r\n${CLOSE}\r\n`))).toBe(200)
    expect(running.seen.map((one) => one.target)).toEqual([target])
  })

  it('of OPTIONS may be an asterisk', async () => {
    const running = await start()
    await exchange(running, `OPTIONS * HTTP/1.1\r\n${CLOSE}\r\n`)
    expect(running.seen[0]).toMatchObject({ method: 'OPTIONS', target: '*' })
  })
})

describe('the method', () => {
  it.each(METHODS)('%s reaches the gateway', async (method) => {
    const running = await start()
    const answer = await exchange(running, `${method} /x HTTP/1.1\r\n${CLOSE}Content-Length: 0\r\n\r\n`)
    expect(running.seen).toMatchObject([{ method, target: '/x' }])
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK/)
  })

  it.each(['FOO', 'get', 'G"T'])('%s is refused', async (method) => {
    const running = await start()
    const answer = await exchange(running, `${method} / HTTP/1.1\r\n${CLOSE}\r\n`)
    expect(status(answer)).toBe(400)
    expect(answer).toContain('application/problem+json')
    expect(running.seen).toEqual([])
  })
})

describe('the body', () => {
  it.each([
    'application/json',
    'application/json; charset=x',
    'x/y',
    'nonsense',
    'multipart/form-data',
    'text/plain',
    '',
  ])('of the type %j passes unread, whatever it is', async (type) => {
    const running = await start()
    const field = type === '' ? '' : `Content-Type: ${type}\r\n`
    const answer = await exchange(running, `POST /x HTTP/1.1\r\n${CLOSE}${field}Content-Length: 3\r\n\r\n{{{`)
    expect(status(answer)).toBe(200)
    expect(running.seen).toMatchObject([{ body: '{{{' }])
    expect(running.seen[0]!.rawHeaders.includes(type)).toBe(type !== '')
  })

  it.each(['GET', 'DELETE', 'PROPFIND', 'QUERY', 'OPTIONS', 'HEAD'])(
    'of %s is there as well',
    async (method) => {
      const running = await start()
      await exchange(running, `${method} /x HTTP/1.1\r\n${CLOSE}Content-Length: 3\r\n\r\nabc`)
      expect(running.seen).toMatchObject([{ method, body: 'abc' }])
    },
  )

  it('may be larger than any parser of the framework would take', async () => {
    const running = await start()
    const large = 'x'.repeat(3_000_000)
    const answer = await exchange(
      running,
      `POST /x HTTP/1.1\r\n${CLOSE}Content-Length: ${large.length}\r\n\r\n${large}`,
    )
    expect(status(answer)).toBe(200)
    expect(running.seen[0]!.body.length).toBe(large.length)
  })
})

describe('Expect', () => {
  it('100-continue is for the gateway to answer, when it wants the body', async () => {
    const running = await start()
    const client = await running.client()
    client.write(`POST /x HTTP/1.1\r\n${CLOSE}Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc`)
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    expect(running.seen).toMatchObject([{ body: 'abc' }])
  })

  it('with anything else is for the gateway to refuse, with its target', async () => {
    const running = await start()
    const answer = await exchange(
      running,
      `POST /a/../b HTTP/1.1\r\n${CLOSE}Expect: foo\r\nContent-Length: 3\r\n\r\nabc`,
    )
    expect(answer).not.toContain('417')
    expect(running.seen).toMatchObject([{ target: '/a/../b', body: '' }])
  })
})

describe('bytes that are no request', () => {
  it.each([
    ['nonsense\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\n${CLOSE}X-A: a\x07b\r\n\r\n`, 400],
    [`GET / HTTP/1.1\r\n${CLOSE}X A: 1\r\n\r\n`, 400],
    [`GET / HTTP/1.1\r\n${CLOSE}X-A: 1\r\n folded\r\n\r\n`, 400],
    ['GET / HTTP/1.1\nHost: gw.test\n\n', 400],
    [`GET / HTTP/1.1\r\n${CLOSE}Transfer-Encoding : chunked\r\n\r\n`, 400],
    [`GET /\xff\x01 HTTP/1.1\r\n${CLOSE}\r\n`, 400],
    [`GET / HTTP/1.1\r\n${CLOSE}X-A: ${'a'.repeat(17_000)}\r\n\r\n`, 431],
    [`GET /${'a'.repeat(17_000)} HTTP/1.1\r\n${CLOSE}\r\n`, 431],
  ])('%j get a problem document and a closed connection: %d', async (bytes, code) => {
    const running = await start()
    const answer = await exchange(running, bytes)
    expect(status(answer)).toBe(code)
    expect(answer).toContain('Connection: close')
    expect(JSON.parse(answer.split('\r\n\r\n')[1]!)).toMatchObject({ status: code, source: 'client' })
    expect(running.seen).toEqual([])
  })

  it('on one connection leave the others alone', async () => {
    const running = await start()
    await exchange(running, 'nonsense\r\n\r\n')
    expect(status(await exchange(running, `GET / HTTP/1.1\r\n${CLOSE}\r\n`))).toBe(200)
  })
})

describe('an upgrade that nobody offers', () => {
  it('is a plain request', async () => {
    const running = await start()
    const upgrade =
      'Host: gw.test\r\nConnection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAM\r\n'
    expect(status(await exchange(running, `GET /x HTTP/1.1\r\n${upgrade}\r\n`))).toBe(200)
    expect(running.seen).toHaveLength(1)
  })
})

describe('a connection', () => {
  it('carries one request after the other', async () => {
    const running = await start()
    const client = await running.client()
    for (const target of ['/1', '/2', '/3']) {
      client.write(`GET ${target} HTTP/1.1\r\nHost: gw.test\r\n\r\n`)
      await eventually(() => running.seen.at(-1)?.target === target)
    }
    await client.until((received) => received.split('ok').length === 4)
  })

  it('carries pipelined requests in order', async () => {
    const running = await start()
    const client = await running.client()
    client.write(
      ['/1', '/2', '/3'].map((target) => `GET ${target} HTTP/1.1\r\nHost: gw.test\r\n\r\n`).join(''),
    )
    await client.until((received) => received.split('ok').length === 4)
    expect(running.seen.map(({ target }) => target)).toEqual(['/1', '/2', '/3'])
  })

  it('is counted while it is open', async () => {
    const running = await start()
    expect(running.front.connections()).toBe(0)
    const clients = [await running.client(), await running.client()]
    await eventually(() => running.front.connections() === 2)
    for (const client of clients) client.socket.destroy()
    await eventually(() => running.front.connections() === 0)
  })
})

const bareFront = () =>
  createFront({
    serve() {},
    onMalformed() {},
    carry() {},
    clock: new FakeClock(),
    trusts: () => false,
    spread: new Spread(new FakeClock()),
    onRefused() {},
    onProxyFault() {},
    limits: LIMITS,
  })

describe('listening', () => {
  it('tells the URL, and an address that is none or is taken', async () => {
    const { port } = await start()
    expect(port).toBeGreaterThan(0)
    const other = await bareFront()
    const open = (address: string) =>
      other.open({ name: 'b', protocol: 'http', proxyProtocol: false, address })
    await expect(open('nowhere')).rejects.toThrow('is not an address to listen on')
    await expect(open(`127.0.0.1:${port}`)).rejects.toThrow('EADDRINUSE')
    await other.close()
  })

  it('is possible at several addresses', async () => {
    const running = await start()
    const url = await running.front.open({
      name: 'b',
      protocol: 'http',
      proxyProtocol: false,
      address: '127.0.0.1:0',
    })
    const client = await RawClient.connect(Number(new URL(url).port))
    client.write(`GET /second HTTP/1.1\r\n${CLOSE}\r\n`)
    expect(status(await client.ended())).toBe(200)
    expect(running.seen).toMatchObject([{ target: '/second' }])
  })

  it('ends when it is closed', async () => {
    const front = await bareFront()
    const url = await front.open({
      name: 'b',
      protocol: 'http',
      proxyProtocol: false,
      address: '127.0.0.1:0',
    })
    await front.close()
    await expect(RawClient.connect(Number(new URL(url).port))).rejects.toThrow('ECONNREFUSED')
  })
})
