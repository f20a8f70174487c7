// Many requests on one connection, ahead of their answers and cut anywhere: each gets its own answer, in order.
import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { cut, places, sendInPieces } from '../support/pieces.ts'
import { fc, runs } from '../support/property.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'

interface Asked {
  readonly method: string
  readonly version: '1.0' | '1.1'
  readonly framing: 'none' | 'length' | 'chunked'
  readonly body: string
  readonly chunks: readonly number[]
  readonly extension: string
  readonly trailer: string
  readonly expects: boolean
  readonly answer: 'length' | 'chunked'
  /** Empty lines that old clients send behind a body. */
  readonly behind: string
}

const asked: fc.Arbitrary<Asked> = fc.record({
  method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH', 'PROPFIND'),
  version: fc.constantFrom('1.1', '1.1', '1.1', '1.0'),
  framing: fc.constantFrom('none', 'length', 'chunked'),
  body: fc.oneof(
    fc.constant(''),
    fc.stringMatching(/^[\x00-\xff]{1,40}$/),
    // What could be taken for another message by whoever is at the wrong place.
    fc.constantFrom('\r\n\r\n', '0\r\n\r\n', 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n', 'x'.repeat(20_000)),
  ),
  chunks: places,
  extension: fc.constantFrom('', '', ';a', ';a=b', ';a="\\"\t;"'),
  trailer: fc.constantFrom('', '', 'X-T: 1\r\n'),
  expects: fc.boolean(),
  answer: fc.constantFrom('length', 'chunked'),
  behind: fc.constantFrom('', '', '\r\n', '\r\n\r\n'),
})

function chunked({ body, chunks, extension, trailer }: Asked): string {
  const pieces = body === '' ? [] : cut(body, chunks)
  const coded = pieces.map((piece) => `${piece.length.toString(16)}${extension}\r\n${piece}\r\n`)
  return `${coded.join('')}0${extension}\r\n${trailer}\r\n`
}

/** HTTP/1.0 knows no chunks, neither there nor back. */
const isCoded = ({ version, framing }: Asked) => framing === 'chunked' && version === '1.1'
const isEmpty = ({ framing, body }: Asked) => framing === 'none' || body === ''

function bytesOf(one: Asked, at: number, isLast: boolean): string {
  const { method, version, framing, body, behind } = one
  const lines = [`${method} ${pathOf(one, at)} HTTP/${version}`, 'Host: a']
  lines.push(`Connection: ${isLast ? 'close' : 'keep-alive'}`)
  if (one.expects && !isEmpty(one)) lines.push('Expect: 100-continue')
  if (isCoded(one)) lines.push('Transfer-Encoding: chunked')
  else if (framing !== 'none') lines.push(`Content-Length: ${body.length}`)
  const content = isCoded(one) ? chunked(one) : framing === 'none' ? '' : body
  return `${lines.join('\r\n')}\r\n\r\n${content}${behind}`
}

/** What the target says of a request: enough to know it by. */
const told = (method: string, path: string, body: string) =>
  `${method} ${path} ${createHash('sha256').update(body, 'latin1').digest('hex')}`

const pathOf = ({ version, answer }: Asked, at: number) => `/${at}/${version === '1.0' ? 'length' : answer}`

/** What the answers to these methods say, each by its own framing; whatever is left over stands behind them. */
function split(received: string, methods: readonly string[]): string[] {
  const answers: string[] = []
  let rest = received
  for (const method of methods) {
    const head = takeHead(rest)
    if (head === undefined) break
    rest = rest.slice(rest.indexOf(head) + head.length)
    const { body, length } = method === 'HEAD' ? NO_BODY : bodyOf(head, rest)
    answers.push(method === 'HEAD' ? /\r\nx-told: (.*)/i.exec(head)![1]! : body)
    rest = rest.slice(length)
  }
  return rest === '' ? answers : [...answers, rest]
}

const NO_BODY = { body: '', length: 0 }

/** Of the first final answer. */
function takeHead(text: string): string | undefined {
  const informational = /^(?:HTTP\/1\.1 1\d\d [\s\S]*?\r\n\r\n)*/.exec(text)![0].length
  const end = text.indexOf('\r\n\r\n', informational)
  return end < 0 ? undefined : text.slice(informational, end + 4)
}

function bodyOf(head: string, rest: string): { body: string; length: number } {
  const sized = /\r\ncontent-length: (\d+)/i.exec(head)
  if (sized) return { body: rest.slice(0, Number(sized[1])), length: Number(sized[1]) }
  let [body, at] = ['', 0]
  for (;;) {
    const size = Number.parseInt(rest.slice(at), 16)
    const from = rest.indexOf('\r\n', at) + 2
    body += rest.slice(from, from + size)
    at = from + size + 2
    if (!(size > 0)) return { body, length: at }
  }
}

let target: TargetServer
let gateway: TestGateway

beforeAll(async () => {
  target = await startTarget(({ method, url, body }, response) => {
    const text = told(method, url, body)
    response.writeHead(200, {
      'x-told': text,
      ...(url.endsWith('length') && { 'content-length': text.length }),
    })
    if (method !== 'HEAD') response.write(text.slice(0, 10))
    response.end(method === 'HEAD' ? '' : text.slice(10))
  })
  gateway = await startTestGateway(
    `accessLog: false\nservices: { api: { targets: [${target.url}], routes: { all: /* } } }\n`,
  )
})

afterAll(async () => {
  await gateway.stop()
  await target.close()
})

describe('requests ahead of their answers', () => {
  it('are each answered by its own answer, in order, wherever their packets are cut', async () => {
    const sequence = fc.array(asked, { minLength: 1, maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(sequence, places, async (all, cuts) => {
        target.seen.length = 0
        const bytes = all.map((one, at) => bytesOf(one, at, at === all.length - 1)).join('')
        const received = await sendInPieces(gateway.port, cut(bytes, cuts))
        const sent = all.map((one, at) => told(one.method, pathOf(one, at), isEmpty(one) ? '' : one.body))
        expect(target.seen.map(({ method, url, body }) => told(method, url, body))).toEqual(sent)
        expect(
          split(
            received,
            all.map(({ method }) => method),
          ),
        ).toEqual(sent)
      }),
      { numRuns: runs(80) },
    )
  })
})
