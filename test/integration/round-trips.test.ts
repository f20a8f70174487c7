// What goes in comes out: header lists, bodies in any framing, and requests in any number of packets.
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bytesOf, HTTP1_CASES } from '../conformance/parts/http1-cases.ts'
import { type LoggingTarget, startLoggingTarget } from '../conformance/parts/logging-target.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { sendRaw } from '../support/http-client.ts'
import { cut, places, sendInPieces, writePieces } from '../support/pieces.ts'
import { fc, runs } from '../support/property.ts'
import { readAnswer } from '../support/raw-answer.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'

const config = (url: string) =>
  `accessLog: false\nservices: { api: { targets: [${url}], ejection: false, routes: { all: /* } } }\n`

const HEAD = 'POST /x HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\n'

describe('headers', () => {
  let target: TargetServer
  let gateway: TestGateway

  beforeAll(async () => {
    target = await startTarget()
    gateway = await startTestGateway(config(target.url))
  })

  afterAll(async () => {
    await gateway.stop()
    await target.close()
  })

  // A prefix that means nothing to anybody: some names are dropped on purpose.
  const name = fc.stringMatching(/^[Hh]-[A-Za-z0-9!#$%&'*+.^`|~-]{0,12}$/)
  const value = fc.stringMatching(/^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]{0,20}[!-~\x80-\xff])?)?$/)
  const headers = fc.array(fc.tuple(name, value), { maxLength: 30 })
  const ours = (raw: readonly string[]) => {
    const pairs = raw.flatMap((text, at) => (at % 2 === 0 ? [[text, raw[at + 1]!]] : []))
    return pairs.filter(([text]) => /^h-/i.test(text!))
  }

  it('of any legal list arrive in order and case, there and back', async () => {
    await fc.assert(
      fc.asyncProperty(headers, headers, async (there, back) => {
        target.answer = (_request, response) => response.writeHead(200, back.flat()).end()
        target.seen.length = 0
        const lines = there.map(([text, is]) => `${text}:${is === '' ? '' : ' '}${is}\r\n`).join('')
        const received = await sendRaw(gateway.port, `${HEAD}Content-Length: 0\r\n${lines}\r\n`)
        expect(ours(target.seen[0]!.rawHeaders)).toEqual(there)
        const returned = received.split('\r\n\r\n')[0]!.split('\r\n').slice(1)
        const pairs = returned.flatMap((line) => /^([^:]+):[\t ]*(.*?)[\t ]*$/s.exec(line)!.slice(1, 3))
        expect(ours(pairs)).toEqual(back)
      }),
      { numRuns: runs(300) },
    )
  })
})

describe('a body', () => {
  let target: TargetServer
  let gateway: TestGateway

  beforeAll(async () => {
    target = await startTarget()
    gateway = await startTestGateway(config(target.url))
  })

  afterAll(async () => {
    await gateway.stop()
    await target.close()
  })

  const body = fc
    .tuple(fc.uint8Array({ maxLength: 100 }), fc.constantFrom(1, 1, 10, 1000))
    .map(([bytes, times]) => Buffer.from(bytes).toString('latin1').repeat(times))
  const framed = fc.record({ body, chunked: fc.boolean(), chunks: places, packets: places })

  const hash = (text: string) => createHash('sha256').update(text, 'latin1').digest('hex')
  const chunked = (pieces: readonly string[]) =>
    `${pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`).join('')}0\r\n\r\n`

  it('in any framing, chunks and packets is the same bytes, there and back', async () => {
    await fc.assert(
      fc.asyncProperty(framed, framed, async (there, back) => {
        target.seen.length = 0
        target.answer = (_request, response, raw) => {
          const pieces = cut(back.body, back.chunks)
          const head = back.chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${back.body.length}`
          const content = back.chunked ? chunked(pieces) : back.body
          const all = `HTTP/1.1 200 OK\r\nConnection: close\r\n${head}\r\n\r\n${content}`
          response.detachSocket(raw.socket)
          void writePieces(raw.socket, cut(all, back.packets)).then(() => raw.socket.end())
        }
        const framing = there.chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${there.body.length}`
        const content = there.chunked ? chunked(cut(there.body, there.chunks)) : there.body
        const received = await sendInPieces(
          gateway.port,
          cut(`${HEAD}${framing}\r\n\r\n${content}`, there.packets),
        )
        const answer = readAnswer(received)
        expect(hash(target.seen[0]!.body)).toBe(hash(there.body))
        expect(answer).toMatchObject({ status: 200, whole: true })
        expect(hash(answer!.body)).toBe(hash(back.body))
      }),
      { numRuns: runs(300) },
    )
  })

  it('in single bytes, one packet each, is the same bytes, there and back', async () => {
    const there = Buffer.from(Array.from({ length: 256 }, (_, at) => at)).toString('latin1')
    target.seen.length = 0
    target.answer = ({ body: received }, response, raw) => {
      const all = `HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunked(received.split(''))}`
      response.detachSocket(raw.socket)
      raw.socket.setNoDelay(true)
      void writePieces(raw.socket, all.split('')).then(() => raw.socket.end())
    }
    const sending = `${HEAD}Transfer-Encoding: chunked\r\n\r\n${chunked(there.split(''))}`
    const answer = readAnswer(await sendInPieces(gateway.port, sending.split('')))
    expect(target.seen.map(({ body: received }) => hash(received))).toEqual([hash(there)])
    expect(answer).toMatchObject({ status: 200, whole: true })
    expect(hash(answer!.body)).toBe(hash(there))
  })
})

describe('a request', () => {
  let target: LoggingTarget
  let gateway: TestGateway

  beforeAll(async () => {
    target = await startLoggingTarget()
    gateway = await startTestGateway(config(target.url))
  })

  afterAll(async () => {
    await gateway.stop()
    await target.close()
  })

  // Behind it comes one that ends the connection, whatever becomes of the first.
  const END = 'GET /end HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\n\r\n'

  async function outcome(pieces: readonly string[]) {
    target.seen.length = 0
    const received = await sendInPieces(gateway.port, pieces)
    const statuses = [...received.matchAll(/HTTP\/1\.1 ([2-5]\d\d) /g)].map(([, status]) => status)
    // Pipelined requests may overtake each other on their way to the target.
    const seen = target.seen.map(({ method, target: to, body }) => `${method} ${to} ${body}`).sort()
    return { statuses, seen }
  }

  it('in any number of packets has the same outcome, as every one of the catalogue has', async () => {
    const cases = HTTP1_CASES.filter(({ bytes }) => bytes < 2000)
    const whole = new Map<string, Promise<unknown>>()
    for (const one of cases) whole.set(one.id, Promise.resolve(await outcome([bytesOf(one) + END])))
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...cases), places, async (one, cuts) => {
        const pieces = cut(bytesOf(one) + END, cuts)
        expect([one.id, await outcome(pieces)]).toEqual([one.id, await whole.get(one.id)])
      }),
      { numRuns: runs(500) },
    )
  })
})
