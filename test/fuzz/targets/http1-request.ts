// Bytes of a client are the same requests however they are cut into packets, and none that llhttp would refuse.
import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import type { Socket } from 'node:net'
import { HeadReader } from '../../../src/edge/http1/head-reader.ts'
import { readHeadText } from '../../../src/edge/http1/head-text.ts'
import { Http1Request } from '../../../src/edge/http1/http1-request.ts'
import { parseRequestTarget } from '../../../src/edge/request-target.ts'
import { GatewayError } from '../../../src/errors.ts'
import { cut } from '../../unit/upstream/http1/parsing.ts'
import type { FuzzTarget } from '../fuzzer.ts'

interface Read {
  readonly line: string
  readonly pairs: readonly string[]
  readonly body: string
  readonly trailers: readonly string[]
}

const MAX_BYTES = 1024
const LIMITS = { headers: 50, headerBytes: 600 }
const FLOW = { pause() {}, resume() {} }

/** One connection: requests that are whole, up to one after which nothing is read any more, and why. */
function readByUs(pieces: readonly Buffer[]) {
  const whole: Read[] = []
  let request: Http1Request | undefined
  let body = ''
  const heads = new HeadReader(LIMITS.headerBytes, (text) => {
    body = ''
    request = new Http1Request(readHeadText(text), {} as Socket, { limits: LIMITS, flow: FLOW })
    request.on('data', (chunk) => {
      body += chunk.toString('latin1')
    })
  })
  const step = (bytes: Buffer, at: number): number => {
    if (request === undefined) return heads.take(bytes, at)
    return request.complete ? at : request.take(bytes, at)
  }
  try {
    for (const bytes of pieces) {
      for (let at = 0; at < bytes.length; ) {
        at = step(bytes, at)
        if (request === undefined) continue
        if (!isServed(request)) return { whole, why: 'not served' }
        if (!request.complete) continue
        whole.push(toRead(request, body))
        if (!request.keepsAlive) return { whole, why: 'the last' }
        request = undefined
      }
    }
  } catch (thrown) {
    if (!(thrown instanceof GatewayError)) throw thrown
    return { whole, why: thrown.code }
  }
  return { whole, why: request === undefined && !heads.hasPart ? 'all' : 'a part' }
}

// As edge/arrival.ts: nothing behind one of these is read. Throws on a target that is none.
function isServed(request: Http1Request): boolean {
  const { method, url, httpVersionMajor: major, httpVersionMinor: minor } = request
  if (!request.isFramed || request.upgrade || method === 'CONNECT') return false
  if (method !== 'OPTIONS' || url !== '*') parseRequestTarget(url, MAX_BYTES)
  return major === 1 && (minor === 1 || (minor === 0 && !request.head.chunked))
}

function toRead({ method, url, rawHeaders, rawTrailers }: Http1Request, body: string): Read {
  return { line: `${method} ${url}`, pairs: rawHeaders, body, trailers: rawTrailers }
}

// Nowhere public, and nothing else says what Node's own server would make of the bytes.
const { HTTPParser, methods } = createRequire(import.meta.url)('_http_common')

function readByNode(bytes: Buffer): Read[] {
  const whole: Read[] = []
  let [line, body, url] = ['', '', '']
  let fields: string[] = []
  let pairs: string[] = []
  const parser = new HTTPParser()
  parser.initialize(HTTPParser.REQUEST, {})
  // Only for trailers, and where there are more fields than it hands on at once.
  parser[HTTPParser.kOnHeaders] = (some: string[], target: string) => {
    fields.push(...some)
    url += target
  }
  parser[HTTPParser.kOnHeadersComplete] = (...facts: [0, 0, string[]?, number?, string?]) => {
    const [, , some = [], method, target = ''] = facts
    line = `${methods[method!]} ${url}${target}`
    pairs = [...fields, ...some]
    body = ''
    fields = []
    return 0
  }
  parser[HTTPParser.kOnBody] = (part: Buffer) => {
    body += part.toString('latin1')
  }
  parser[HTTPParser.kOnMessageComplete] = () => {
    whole.push({ line, pairs, body, trailers: fields })
    fields = []
    url = ''
  }
  parser.execute(bytes)
  return whole
}

export const http1Request: FuzzTarget = {
  name: 'http1-request',
  maxBytes: MAX_BYTES,
  runsInCi: 8000,
  dictionary: [
    ...['GET / HTTP/1.1\r\n', 'POST /a?b HTTP/1.1\r\n', 'HEAD * HTTP/1.0\r\n', 'Host: a\r\n', 'M-SEARCH '],
    ...['\r\n', '\r\n\r\n', '\n', '\r', ': ', ':', ' ', '\t', '\0', '\x7f', ' HTTP/1.1', '_', ','],
    ...['Content-Length: 3\r\n', 'Content-Length: 0\r\n', 'Transfer-Encoding: chunked\r\n', 'gzip, '],
    ...[
      'Connection: close\r\n',
      'Connection: keep-alive\r\n',
      'Upgrade: websocket\r\n',
      'Expect: 100-continue\r\n',
    ],
    ...[
      '3\r\nabc\r\n',
      '0\r\n',
      '0\r\n\r\n',
      '1;a=b\r\n',
      ';a="\\""',
      'ffffffffffffffff',
      'X-T: 1\r\n',
      'abc',
    ],
  ],
  run(input) {
    const ours = readByUs([input])
    const middle = input.length >> 1
    for (const places of [[1, 2, 3], [middle], [middle - 1, middle + 1], [...input.keys()]]) {
      assert.deepEqual(readByUs(cut(input, places)), ours)
    }
    for (const { pairs } of ours.whole) for (const text of pairs) assert.doesNotMatch(text, /[\r\n\0]/)
    assert.deepEqual(ours.whole, readByNode(input).slice(0, ours.whole.length))
  },
}
