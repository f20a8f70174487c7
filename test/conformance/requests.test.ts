// What a client sends over HTTP/1.1 is what the target gets: compared byte by byte, without an HTTP library on either side.
import { createHash, randomBytes } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import {
  type LoggedRequest,
  type LoggingTarget,
  startLoggingTarget,
  valuesOf,
} from './parts/logging-target.ts'
import { exchangeRaw } from './parts/raw-exchange.ts'

const PATIENCE_MS = 20_000

let target: LoggingTarget
let gateway: TestGateway

beforeAll(async () => {
  target = await startLoggingTarget()
  gateway = await startTestGateway(
    `accessLog: false\nservices: { api: { targets: [${target.url}], routes: { all: /* } } }\n`,
  )
})

afterAll(async () => {
  await gateway.stop()
  await target.close()
})

beforeEach(() => {
  target.seen.length = 0
})

const CLOSE = 'Connection: close\r\n'

/** Sends the bytes and gives what the target got; the last of the requests must end the connection. */
async function sent(bytes: string): Promise<readonly LoggedRequest[]> {
  const { answers, rest, closed } = await exchangeRaw(gateway.port, bytes, PATIENCE_MS)
  expect([rest, closed, target.garbage]).toEqual(['', true, []])
  expect(answers.map(({ status }) => status)).toEqual(target.seen.map(() => 200))
  return target.seen
}

async function sentOne(bytes: string): Promise<LoggedRequest> {
  const seen = await sent(bytes)
  expect(seen).toHaveLength(1)
  return seen[0]!
}

/** The pairs of the client's own fields, in the order in which they came. */
function own(request: LoggedRequest): string[] {
  const added =
    /^(?:host|connection|content-length|transfer-encoding|via|x-forwarded-.*|x-request-id|traceparent)$/i
  return request.pairs.flatMap((name, at) =>
    at % 2 === 0 && !added.test(name) ? [name, request.pairs[at + 1]!] : [],
  )
}

const asFields = (pairs: readonly string[]) =>
  pairs.map((text, at) => (at % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('')
const hash = (bytes: Buffer | string) =>
  createHash('sha256')
    .update(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
    .digest('hex')

describe('header fields', () => {
  it.each([
    ['in any case and order', ['X-b', '1', 'x-A', '2', 'X-B', '3', 'ACCEPT', '*/*']],
    ['that come more than once', ['X-A', '1', 'X-A', '2', 'x-a', '1, 2', 'Accept', 'a', 'Accept', 'b']],
    ['without a value', ['X-Empty', '', 'X-After', '1']],
    ['of other bytes than ASCII', ['X-Latin', 'caf\xe9 \xff', 'X-Utf8', '\xc3\xa9']],
    ['with white space and quotes inside', ['X-A', 'a  b\tc', 'X-B', '"a, b"; c="\\"d\\""']],
    ['of nearly 15 KB', ['X-Long', 'x'.repeat(15_000)]],
    ['of every visible character', ["X-!#$%&'*+-.^`|~", '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~']],
    ['that look like ours to a prototype', ['constructor', '2', 'toString', '3']],
    [
      'of caches and ranges',
      [
        'Range',
        'bytes=0-1,5-',
        'If-Range',
        '"a"',
        'If-None-Match',
        '"a", W/"b"',
        'Cache-Control',
        'no-cache',
      ],
    ],
    [
      'of encodings',
      ['Accept-Encoding', 'gzip, br;q=0.5', 'Content-Encoding', 'x-odd', 'Content-Type', 'a/b; c="d"'],
    ],
    ['of cookies and credentials', ['Cookie', 'a=1; b="2"', 'Cookie', 'c=3', 'Authorization', 'Basic YTpi']],
  ])('%s arrive as they were sent', async (_which, pairs) => {
    const request = await sentOne(`GET /a HTTP/1.1\r\nHost: gw.test\r\n${asFields(pairs)}${CLOSE}\r\n`)
    expect(own(request)).toEqual(pairs)
    expect(valuesOf(request.pairs, 'host')).toEqual(['gw.test'])
  })

  it('lose the white space around their values, and nothing else', async () => {
    const request = await sentOne(
      `GET /a HTTP/1.1\r\nHost: gw.test\r\nX-A: \t 1 2 \t\r\nX-B:3\r\n${CLOSE}\r\n`,
    )
    expect(own(request)).toEqual(['X-A', '1 2', 'X-B', '3'])
  })
})

describe('a target', () => {
  it.each([
    '/a?x=%zz&y=%00&&=&x=1;x=2',
    '/a?',
    '/a??b?c',
    '/a?//../%2e%2e/\\|{}^`"<>',
    '/caf%C3%A9/%E4?q=caf%c3%a9',
    "/!$&'()*+,=:@~-._;v=1/x",
    '/a%20b%25c',
  ])('%s arrives as it was sent', async (path) => {
    expect((await sentOne(`GET ${path} HTTP/1.1\r\nHost: gw.test\r\n${CLOSE}\r\n`)).target).toBe(path)
  })

  it.each([
    ['http://gw.test/a/b?c', '/a/b?c'],
    ['HTTP://GW.TEST/a', '/a'],
    ['https://gw.test/a', '/a'],
    ['http://gw.test?b', '/?b'],
    ['http://gw.test', '/'],
  ])('in absolute form, %s, arrives as %s', async (sentTarget, seen) => {
    const request = await sentOne(`GET ${sentTarget} HTTP/1.1\r\nHost: gw.test\r\n${CLOSE}\r\n`)
    expect([request.target, valuesOf(request.pairs, 'host')]).toEqual([seen, ['gw.test']])
  })

  it('of OPTIONS * is the gateway itself', async () => {
    const bytes = `OPTIONS * HTTP/1.1\r\nHost: gw.test\r\n${CLOSE}\r\n`
    const { answers } = await exchangeRaw(gateway.port, bytes, PATIENCE_MS)
    expect(answers.map(({ status }) => status)).toEqual([204])
    expect(target.seen).toEqual([])
  })
})

describe('a body', () => {
  const post = (framing: string, body: string) =>
    `POST /a HTTP/1.1\r\nHost: gw.test\r\n${CLOSE}${framing}\r\n\r\n${body}`
  const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`

  it.each([0, 1, 1000, 65_536, 1_000_000])('of %d bytes with its length arrives whole', async (size) => {
    const body = randomBytes(size).toString('latin1')
    const request = await sentOne(post(`Content-Length: ${size}`, body))
    expect([request.body.length, hash(request.body)]).toEqual([size, hash(body)])
    expect(valuesOf(request.pairs, 'content-length')).toEqual([String(size)])
  })

  it.each([1, 7, 1000, 100_000])('in chunks of %d bytes arrives whole, in chunks', async (size) => {
    const pieces = Array.from({ length: Math.min(20, Math.ceil(400_000 / size)) }, () =>
      randomBytes(size).toString('latin1'),
    )
    const request = await sentOne(
      post('Transfer-Encoding: chunked', `${pieces.map(chunk).join('')}0\r\n\r\n`),
    )
    expect(hash(request.body)).toBe(hash(pieces.join('')))
    expect(valuesOf(request.pairs, 'transfer-encoding')).toEqual(['chunked'])
  })

  it.each(['GET', 'DELETE', 'OPTIONS', 'PROPFIND'])('of %s arrives, framed', async (method) => {
    const request = await sentOne(post('Content-Length: 3', 'abc').replace('POST', method))
    expect([request.method, request.body]).toEqual([method, 'abc'])
  })

  it('that looks like requests is a body', async () => {
    const body = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(3)
    expect((await sentOne(post(`Content-Length: ${body.length}`, body))).body).toBe(body)
    target.seen.length = 0
    expect((await sentOne(post('Transfer-Encoding: chunked', `${chunk(body)}0\r\n\r\n`))).body).toBe(body)
  })
})

describe('trailers', () => {
  const upload = (trailers: string, body = '3\r\nabc\r\n') =>
    `POST /a HTTP/1.1\r\nHost: gw.test\r\n${CLOSE}Trailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n${body}0\r\n${trailers}\r\n`

  it('arrive behind the body, in order, case and bytes as sent', async () => {
    const request = await sentOne(upload('X-Sum: 42\r\nx-sum: caf\xe9\r\nX-Empty:\r\n'))
    expect(request.body).toBe('abc')
    expect(request.trailers).toEqual(['X-Sum', '42', 'x-sum', 'caf\xe9', 'X-Empty', ''])
  })

  it('that a head may not say either, or that count only there, do not', async () => {
    const request = await sentOne(
      upload(
        'X-User-Id: admin\r\nX_User_Id: admin\r\nAuthorization: x\r\nCookie: a=1\r\nHost: evil.test\r\nX-Forwarded-For: 1.2.3.4\r\n' +
          'Content-Type: a/b\r\nConnection: x-a\r\nX-Request-Id: mine\r\nX-Sum: 1\r\n',
      ),
    )
    expect(request.trailers).toEqual(['X-Sum', '1'])
    expect(own(request)).toEqual([])
  })

  it('of one request are not those of the next', async () => {
    const open = upload('X-Sum: 1\r\n').replace(CLOSE, '')
    const seen = await sent(open + open.replace('X-Sum: 1\r\n', '') + upload('X-Sum: 3\r\n'))
    expect(seen.map(({ trailers }) => trailers)).toEqual([['X-Sum', '1'], [], ['X-Sum', '3']])
  })
})

describe('requests in one write', () => {
  it('are requests of their own, bodies and all', async () => {
    const pipeline = Array.from({ length: 30 }, (_, at) =>
      at % 3 === 0
        ? `POST /${at} HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 4\r\n\r\nbody`
        : `GET /${at} HTTP/1.1\r\nHost: gw.test\r\n${at === 29 ? CLOSE : ''}\r\n`,
    )
    const seen = await sent(pipeline.join(''))
    expect(seen.map(({ target }) => target).sort()).toEqual(pipeline.map((_, at) => `/${at}`).sort())
  })
})
