// What becomes of a raw request: an exchange with one meaning each for host, path, client and body, or a refusal.
import { describe, expect, it } from 'vitest'
import { createArrival, createRequestId } from '../../../src/edge/arrival.ts'
import { BodyWatch } from '../../../src/edge/body-watch.ts'
import { TrustedProxies } from '../../../src/edge/client-address.ts'
import type { HttpExchange } from '../../../src/edge/http-exchange.ts'
import { Spread } from '../../../src/edge/spread.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { LIMITS } from './test-limits.ts'
import { arrive } from './wire.ts'

interface Options {
  readonly trust?: readonly string[]
  readonly clock?: FakeClock
}

/** The exchange of one request with these bytes, from 127.0.0.1. */
async function arrived(
  bytes: string,
  { trust = [], clock = new FakeClock() }: Options = {},
): Promise<HttpExchange> {
  const { raw } = await arrive(bytes)
  const proxies = new TrustedProxies(trust)
  return createArrival({
    clock,
    proxies: () => proxies,
    limits: LIMITS,
    bodies: new BodyWatch(clock, LIMITS, new Spread(clock)),
  })(raw, raw.url)
}

const get = (target: string, fields = '') => `GET ${target} HTTP/1.1\r\nHost: GW.test:8080\r\n${fields}\r\n`

describe('an admitted request', () => {
  it('is an exchange with its facts', async () => {
    const clock = new FakeClock()
    await clock.advance(1234)
    const exchange = await arrived(get('/%61/b?x=1', 'X-A: 1\r\n'), { clock })
    expect(exchange).toMatchObject({
      startedAt: 1234,
      method: 'GET',
      scheme: 'http',
      host: 'gw.test',
      path: '/a/b',
      query: '?x=1',
      clientIp: '127.0.0.1',
      trusted: false,
      malformed: false,
      error: undefined,
      status: 0,
      deadlineAt: Number.POSITIVE_INFINITY,
      attempts: [],
    })
    expect(exchange.headers.pairs).toEqual(['Host', 'GW.test:8080', 'X-A', '1'])
    expect(exchange.id).toMatch(/^[0-9a-f]{32}$/)
  })

  it('carries what the service will be sent', async () => {
    const exchange = await arrived(
      get('/a?b', 'X-A: 1\r\nConnection: x-b\r\nX-B: 2\r\nX-Forwarded-For: 6.6.6.6\r\n'),
    )
    const { request } = exchange
    expect(request).toMatchObject({ exchange, method: 'GET', path: '/a?b', body: { present: false } })
    expect([request.attemptTimeoutMs, request.idleTimeoutMs]).toEqual([60_000, 60_000])
    expect(request.headers.pairs).toEqual([
      ...['Host', 'GW.test:8080', 'X-A', '1'],
      ...['X-Forwarded-For', '127.0.0.1', 'X-Forwarded-Proto', 'http', 'X-Forwarded-Host', 'GW.test:8080'],
      ...['Via', '1.1 turnpike', 'X-Request-Id', exchange.id],
    ])
  })

  it('has the headers of the client for itself: to change what is sent leaves them', async () => {
    const exchange = await arrived(get('/', 'X-A: 1\r\n'))
    exchange.request.headers.set('X-A', '2')
    expect(exchange.headers.get('x-a')).toBe('1')
  })

  it('knows how its body is framed', async () => {
    const post = (framing: string) => arrived(`POST / HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n`)
    expect((await post('Content-Length: 3')).body).toMatchObject({ present: true, length: 3 })
    expect((await post('Transfer-Encoding: chunked')).body).toMatchObject({
      present: true,
      length: undefined,
    })
    expect((await post('Content-Length: 0')).body).toMatchObject({ present: false, length: 0 })
  })

  it('may be HTTP/1.0, when it names its host', async () => {
    const exchange = await arrived('GET /a HTTP/1.0\r\nHost: gw.test\r\n\r\n')
    expect([exchange.error, exchange.path]).toEqual([undefined, '/a'])
  })

  it('may name its URL whole, when the Host agrees', async () => {
    const exchange = await arrived(get('http://gw.TEST:8080/a?b'))
    expect(exchange).toMatchObject({ error: undefined, host: 'gw.test', path: '/a', query: '?b' })
  })
})

describe('a trusted proxy', () => {
  const said = 'X-Forwarded-For: 6.6.6.6, 7.7.7.7\r\nX-Forwarded-Proto: https\r\nX-Request-Id: from-proxy\r\n'

  it('is believed', async () => {
    const exchange = await arrived(get('/', said), { trust: ['127.0.0.0/8'] })
    expect(exchange).toMatchObject({ clientIp: '7.7.7.7', scheme: 'https', id: 'from-proxy', trusted: true })
    expect(exchange.request.headers.get('x-forwarded-for')).toBe('6.6.6.6, 7.7.7.7, 127.0.0.1')
    expect(exchange.request.headers.all('x-request-id')).toEqual(['from-proxy'])
  })

  it('is not one that only says so', async () => {
    const exchange = await arrived(get('/', said), { trust: ['10.0.0.0/8'] })
    expect(exchange).toMatchObject({ clientIp: '127.0.0.1', scheme: 'http', trusted: false })
    expect(exchange.id).not.toBe('from-proxy')
    expect(exchange.request.headers.get('x-forwarded-for')).toBe('127.0.0.1')
  })
})

describe('OPTIONS', () => {
  const options = (target: string, fields = '') =>
    arrived(`OPTIONS ${target} HTTP/1.1\r\nHost: gw.test\r\n${fields}\r\n`)

  it.each([
    ['*', ''],
    ['*', 'Max-Forwards: 5\r\n'],
    ['/a', 'Max-Forwards: 0\r\n'],
  ])('%s with "%s" is answered here', async (target, fields) => {
    const exchange = await options(target, fields)
    expect(exchange.error).toBeUndefined()
    expect(exchange.answer?.status).toBe(204)
    expect(exchange.answer?.headers?.get('allow')).toContain('OPTIONS')
  })

  it.each([
    ['1', '0'],
    ['10', '9'],
    ['some', 'some'],
  ])('with Max-Forwards %s goes on with %s', async (sent, left) => {
    const exchange = await options('/a', `Max-Forwards: ${sent}\r\n`)
    expect(exchange.answer).toBeUndefined()
    expect(exchange.request.headers.all('max-forwards')).toEqual([left])
  })

  it('alone has hops that count', async () => {
    const exchange = await arrived(get('/a', 'Max-Forwards: 0\r\n'))
    expect(exchange.answer).toBeUndefined()
    expect(exchange.request.headers.get('max-forwards')).toBe('0')
  })
})

describe('a refused request', () => {
  it.each([
    ['GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n', 'INVALID_HOST'],
    ['GET / HTTP/1.1\r\nHost: a, b\r\n\r\n', 'INVALID_HOST'],
    ['GET / HTTP/1.0\r\n\r\n', 'INVALID_HOST'],
    ['GET http://evil.test/ HTTP/1.1\r\nHost: gw.test\r\n\r\n', 'INVALID_HOST'],
    ['GET http://u@gw.test/ HTTP/1.1\r\nHost: gw.test\r\n\r\n', 'INVALID_HOST'],
    ['GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n', 'INVALID_PATH'],
    ['GET * HTTP/1.1\r\nHost: a\r\n\r\n', 'INVALID_PATH'],
    ['TRACE / HTTP/1.1\r\nHost: a\r\n\r\n', 'METHOD_NOT_SUPPORTED'],
    ['GET / HTTP/2.0\r\nHost: a\r\n\r\n', 'VERSION_NOT_SUPPORTED'],
    [
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n',
      'TRANSFER_CODING_NOT_SUPPORTED',
    ],
    [
      'GET / HTTP/1.1\r\nHost: a\r\nVia: 1.1 turnpike, 1.1 turnpike, 1.1 turnpike, 1.1 turnpike, 1.1 turnpike\r\n\r\n',
      'LOOP_DETECTED',
    ],
  ])('%j is an exchange with the error %s and nothing to forward', async (bytes, code) => {
    const exchange = await arrived(bytes)
    expect(exchange.error?.code).toBe(code)
    expect(exchange).toMatchObject({
      malformed: true,
      trusted: false,
      query: '',
      clientIp: '127.0.0.1',
    })
    // As sent, for the log.
    expect(bytes).toContain(` ${exchange.path}`)
    expect(bytes).toContain(exchange.host)
    expect(exchange.request.headers.pairs).toEqual([])
    expect(exchange.body.present).toBe(false)
  })

  it('over HTTP/1.0 with chunks has no framing that both sides agree on (TE20)', async () => {
    const exchange = await arrived(
      'POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    )
    expect(exchange.error?.status).toBe(400)
  })

  it('by a fault of our own is a fault of our own, not a crash', async () => {
    const clock = new FakeClock()
    const broken = {
      clock,
      limits: LIMITS,
      bodies: new BodyWatch(clock, LIMITS, new Spread(clock)),
      proxies: () => {
        throw new Error('no proxies')
      },
    }
    const exchange = createArrival(broken)((await arrive(get('/'))).raw, '/')
    expect(exchange.error?.code).toBe('INTERNAL_ERROR')
  })
})

describe('a request id', () => {
  it('is 128 bits in hex and never the same', () => {
    const ids = Array.from({ length: 2000 }, createRequestId)
    expect(ids.every((id) => /^[0-9a-f]{32}$/.test(id))).toBe(true)
    expect(new Set(ids).size).toBe(2000)
  })
})
