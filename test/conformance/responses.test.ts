// What a target sends over HTTP/1.1 is what the client gets: compared byte by byte, without an HTTP library on either side.
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { exchangeRaw, type RawAnswer } from './parts/raw-exchange.ts'
import { type ScriptedTarget, startScriptedTarget } from './parts/scripted-target.ts'

const PATIENCE_MS = 20_000

let target: ScriptedTarget
let gateway: TestGateway

beforeAll(async () => {
  target = await startScriptedTarget()
  gateway = await startTestGateway(
    `accessLog: false\nservices: { api: { targets: [${target.url}], routes: { all: /* } } }\n`,
  )
})

afterAll(async () => {
  await gateway.stop()
  await target.close()
})

interface Asked {
  readonly method?: string
  readonly version?: string
  /** The target closes behind its bytes. */
  readonly ends?: boolean
}

/** Everything that a client gets when the target answers with these bytes. */
async function received(bytes: string, { method = 'GET', version = '1.1', ends = false }: Asked = {}) {
  target.next((socket) => void (ends ? socket.end(bytes, 'latin1') : socket.write(bytes, 'latin1')))
  const request = `${method} /a HTTP/${version}\r\nHost: gw.test\r\nConnection: close\r\n\r\n`
  const { text } = await exchangeRaw(gateway.port, request, PATIENCE_MS)
  return text
}

/** The same, where it is one whole answer. */
async function answered(bytes: string, asked?: Asked): Promise<RawAnswer & { readonly fields: string[] }> {
  const text = await received(bytes, asked)
  const headEnd = text.indexOf('\r\n\r\n')
  const head = text.slice(0, headEnd)
  return { status: Number(head.slice(9, 12)), head, body: text.slice(headEnd + 4), fields: fieldsOf(head) }
}

/** The lines of the target's own fields, in the order in which they came. */
function fieldsOf(head: string): string[] {
  const added = /^(?:date|connection|keep-alive|x-request-id|transfer-encoding|content-length):/i
  return head
    .split('\r\n')
    .slice(1)
    .filter((line) => !added.test(line))
}

const lengthOf = (head: string) => /\r\ncontent-length: (\d+)/i.exec(head)?.[1]

describe('header fields', () => {
  it.each([
    ['in any case and order', ['X-b: 1', 'x-A: 2', 'X-B: 3', 'SERVER: x']],
    [
      'that come more than once',
      ['X-A: 1', 'X-A: 2', 'Vary: a', 'vary: b', 'WWW-Authenticate: Basic', 'WWW-Authenticate: Bearer'],
    ],
    ['of cookies', ['Set-Cookie: a=1; Path=/', 'set-cookie: b=2, c', 'Set-Cookie: a=1']],
    ['without a value', ['X-Empty: ', 'X-After: 1']],
    ['of other bytes than ASCII', ['X-Latin: caf\xe9 \xff', 'X-Utf8: \xc3\xa9']],
    ['with white space and quotes inside', ['X-A: a  b\tc', 'Link: </a>; rel="x", </b>; rel="y"']],
    ['of nearly 30 KB', [`X-Long: ${'x'.repeat(30_000)}`]],
    [
      'of caches and ranges',
      [
        'ETag: W/"a"',
        'Age: 5',
        'Cache-Control: no-store, a="b"',
        'Accept-Ranges: bytes',
        'Last-Modified: whenever',
      ],
    ],
    ['of redirects', ['Location: http://10.0.0.5/x?y#z', 'Content-Location: /x', 'Refresh: 5; url=/y']],
  ])('%s arrive as they were sent', async (_which, lines) => {
    const { fields, body } = await answered(
      `HTTP/1.1 200 OK\r\n${lines.join('\r\n')}\r\nContent-Length: 2\r\n\r\nok`,
    )
    expect([fields, body]).toEqual([lines, 'ok'])
  })
})

describe('an answer without content', () => {
  it.each([
    ['204', 'HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n', 204, undefined],
    [
      '204 with a length of nothing',
      'HTTP/1.1 204 No Content\r\nX-A: 1\r\nContent-Length: 0\r\n\r\n',
      204,
      undefined,
    ],
    [
      '205 with a length of nothing',
      'HTTP/1.1 205 Reset Content\r\nX-A: 1\r\nContent-Length: 0\r\n\r\n',
      205,
      '0',
    ],
    ['304', 'HTTP/1.1 304 Not Modified\r\nX-A: 1\r\n\r\n', 304, undefined],
    [
      '304 with the length of what it stands for',
      'HTTP/1.1 304 Not Modified\r\nX-A: 1\r\nContent-Length: 1000\r\n\r\n',
      304,
      '1000',
    ],
    ['200 of no bytes', 'HTTP/1.1 200 OK\r\nX-A: 1\r\nContent-Length: 0\r\n\r\n', 200, '0'],
  ])('%s stays one', async (_which, bytes, status, length) => {
    const answer = await answered(bytes)
    expect([answer.status, answer.fields, answer.body, lengthOf(answer.head)]).toEqual([
      status,
      ['X-A: 1'],
      '',
      length,
    ])
    expect(answer.head).not.toMatch(/transfer-encoding/i)
  })

  it.each([
    ['its length', 'Content-Length: 1000\r\n', '1000'],
    ['no length', '', undefined],
    ['chunks', 'Transfer-Encoding: chunked\r\n', undefined],
  ])('to HEAD, with %s, has the head of the GET and no content', async (_what, framing, length) => {
    const answer = await answered(`HTTP/1.1 200 OK\r\nX-A: 1\r\n${framing}\r\n`, { method: 'HEAD' })
    expect([answer.status, answer.fields, answer.body, lengthOf(answer.head)]).toEqual([
      200,
      ['X-A: 1'],
      '',
      length,
    ])
  })
})

describe('content', () => {
  const bytes = randomBytes(200_000).toString('latin1')
  const chunked = (...pieces: string[]) =>
    `${pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')}0\r\n\r\n`
  const asPieces = [bytes.slice(0, 1), bytes.slice(1, 70_000), bytes.slice(70_000)]

  it('with its length arrives whole, with its length', async () => {
    const answer = await answered(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n${bytes}`)
    expect([answer.body === bytes, lengthOf(answer.head)]).toEqual([true, String(bytes.length)])
  })

  it.each([
    ['in chunks', `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(...asPieces)}`, false],
    ['that the end of the connection delimits', `HTTP/1.1 200 OK\r\n\r\n${bytes}`, true],
    ['of HTTP/1.0', `HTTP/1.0 200 OK\r\n\r\n${bytes}`, true],
  ])('%s arrives whole, and its end is seen', async (_how, answer, ends) => {
    target.next((socket) => void (ends ? socket.end(answer, 'latin1') : socket.write(answer, 'latin1')))
    const request = 'GET /a HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\n\r\n'
    const { answers, rest } = await exchangeRaw(gateway.port, request, PATIENCE_MS)
    expect([answers[0]!.body === bytes, rest]).toEqual([true, ''])
    expect(answers[0]!.head).toMatch(/\r\ntransfer-encoding: chunked|\r\ncontent-length: 200000/i)
  })

  it('in chunks goes to a client of HTTP/1.0 without them', async () => {
    const answer = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(...asPieces)}`
    const { head, body } = await answered(answer, { version: '1.0' })
    expect(head).not.toMatch(/transfer-encoding/i)
    expect(body).toBe(bytes)
  })

  it.each([
    ['a range', 'HTTP/1.1 206 Partial Content', ['Content-Range: bytes 5-9/100'], '56789'],
    [
      'several ranges',
      'HTTP/1.1 206 Partial Content',
      ['Content-Type: multipart/byteranges; boundary=b'],
      '--b\r\nContent-Range: bytes 0-0/2\r\n\r\na\r\n--b--',
    ],
    ['an unsatisfiable range', 'HTTP/1.1 416 Range Not Satisfiable', ['Content-Range: bytes */100'], 'no'],
    [
      'an encoding',
      'HTTP/1.1 200 OK',
      ['Content-Encoding: gzip', 'Vary: Accept-Encoding'],
      gzipSync(bytes).toString('latin1'),
    ],
    ['an encoding that nobody knows', 'HTTP/1.1 200 OK', ['Content-Encoding: x-odd, gzip'], 'not gzip'],
  ])('of %s is left alone', async (_what, line, fields, content) => {
    const text = `${line}\r\n${fields.join('\r\n')}\r\nContent-Length: ${content.length}\r\n\r\n${content}`
    const answer = await answered(text)
    expect([answer.head.split('\r\n')[0], answer.fields]).toEqual([line, fields])
    expect(answer.body).toBe(content)
  })

  it('is followed by its trailers, but for those that count only ahead of it', async () => {
    const trailers =
      'X-Sum: 42\r\nx-sum: caf\xe9\r\nSet-Cookie: a=1\r\nContent-Type: a/b\r\nConnection: x\r\nX-Empty: \r\n'
    const text = await received(
      `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n${trailers}\r\n`,
    )
    expect(text).toMatch(/\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 42\r\nx-sum: caf\xe9\r\nX-Empty: \r\n\r\n$/)
  })
})

describe('informational responses', () => {
  const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nLink: </b>\r\n\r\n'
  const final = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

  it('come before the answer, 100 alone is not passed on', async () => {
    const text = await received(
      `HTTP/1.1 100 Continue\r\n\r\n${hints}HTTP/1.1 102 Processing\r\n\r\n${final}`,
    )
    expect(text.startsWith(`${hints}HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n`)).toBe(true)
  })

  it('are not for a client of HTTP/1.0', async () => {
    expect(await received(hints + final, { version: '1.0' })).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  })
})

describe('answers to requests in one write', () => {
  it('come in the order of the requests, as each waits for the answer before it', async () => {
    const script = (socket: import('node:net').Socket, request: string) => {
      const path = /^GET (\S+)/.exec(request)![1]!
      target.next(script)
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`)
    }
    target.next(script)
    const bytes = ['/1', '/2', '/3'].map(
      (path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n${path === '/3' ? 'Connection: close\r\n' : ''}\r\n`,
    )
    const { answers } = await exchangeRaw(gateway.port, bytes.join(''), PATIENCE_MS)
    expect(answers.map(({ body }) => body)).toEqual(['/1', '/2', '/3'])
  })
})

describe('an answer that comes while the client still uploads', () => {
  it.each([200, 307, 401, 413, 500])('%d is delivered whole, and the connection ends', async (status) => {
    target.next((socket) => void socket.write(`HTTP/1.1 ${status} Early\r\nContent-Length: 5\r\n\r\nearly`))
    const client = connect(gateway.port, '127.0.0.1')
    client.write('POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\nsome')
    let text = ''
    let failed = false
    for await (const chunk of client.on('error', () => {
      failed = true
    }))
      text += (chunk as Buffer).toString('latin1')
    expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [\\s\\S]*\\r\\n\\r\\nearly$`))
    expect(text).toMatch(/\r\nconnection: close\r\n/i)
    expect(failed).toBe(false)
  })
})
