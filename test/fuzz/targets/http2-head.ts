// The head of an HTTP/2 request is refused by a GatewayError, or has one host, one path and no field of another kind.
import assert from 'node:assert/strict'
import { readHttp2Head } from '../../../src/edge/http2/http2-head.ts'
import { readRequestHead } from '../../../src/edge/request-head.ts'
import { isTarget, parseRequestTarget } from '../../../src/edge/request-target.ts'
import { GatewayError } from '../../../src/errors.ts'
import { isFieldName, isFieldValue } from '../../../src/headers.ts'
import type { FuzzTarget } from '../fuzzer.ts'

const MAX_FIELDS = 100
const MAX_URL_BYTES = 8192

export const http2Head: FuzzTarget = {
  name: 'http2-head',
  maxBytes: 600,
  runsInCi: 30_000,
  dictionary: [
    ...[':method: ', ':path: ', ':scheme: ', ':authority: ', ':protocol: websocket', ':status: ', '\n'],
    ...[
      'GET',
      'CONNECT',
      'OPTIONS',
      '*',
      '/',
      '/a',
      'http',
      'https',
      'a.test',
      'A.test',
      'host: ',
      'cookie: a=1',
    ],
    ...[
      'content-length: 5',
      'transfer-encoding: chunked',
      'te: trailers',
      'upgrade: h2c',
      'x_y: 1',
      'http://a/',
    ],
  ],
  run(input) {
    const raw = fieldsOf(input)
    const head = readHttp2Head(raw)
    assert.equal(head.pairs.length % 2, 0)
    const names = head.pairs.filter((_, at) => at % 2 === 0)
    assert.ok(names.every((name) => !name.startsWith(':')))
    assert.ok(names.filter((name) => name.toLowerCase() === 'cookie').length <= 1)
    const hosts = head.pairs.filter((_, at) => at % 2 === 1 && names[(at - 1) / 2]!.toLowerCase() === 'host')
    assert.deepEqual(hosts, head.authority === undefined ? [] : [head.authority])
    if (head.fault) return
    assert.match(head.method, /^(?!CONNECT$|TRACE$)[A-Z-]+$|^TRACE$/)
    assert.ok(head.target.startsWith('/') || (head.target === '*' && head.method === 'OPTIONS'))
    assert.ok(isTarget(head.target))
    assertForwardable(head.pairs, head.target)
  },
}

/** What the edge makes of it. */
function assertForwardable(pairs: readonly string[], target: string): void {
  const forward = unlessRefused(() => readRequestHead([...pairs], MAX_FIELDS).forward)
  for (let at = 0; at < (forward?.length ?? 0); at += 2) {
    assert.ok(isFieldName(forward![at]!), forward![at])
    assert.ok(isFieldValue(forward![at + 1]!), forward![at + 1])
  }
  const parsed = unlessRefused(() => parseRequestTarget(target, MAX_URL_BYTES))
  if (parsed) assert.equal(parsed.authority, undefined)
}

function unlessRefused<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (thrown) {
    assert.ok(thrown instanceof GatewayError, String(thrown))
    return undefined
  }
}

/** One in each line, as the library hands them over: names in lower case, values without control bytes. */
function fieldsOf(input: Buffer): string[] {
  return input
    .toString('latin1')
    .split('\n')
    .flatMap((line) => {
      const colon = line.indexOf(': ', 1)
      if (colon < 0) return []
      const [name, value] = [line.slice(0, colon).toLowerCase(), line.slice(colon + 2)]
      return isFieldName(name.replace(/^:/, '')) && isFieldValue(value) ? [name, value] : []
    })
}
