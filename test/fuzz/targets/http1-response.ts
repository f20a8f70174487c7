// Bytes of a target are one answer or none, however they are cut into packets, and never what llhttp would refuse.
import assert from 'node:assert/strict'
import { cut, parse, parseByNode } from '../../unit/upstream/http1/parsing.ts'
import type { FuzzTarget } from '../fuzzer.ts'

export const http1Response: FuzzTarget = {
  name: 'http1-response',
  maxBytes: 1024,
  runsInCi: 20_000,
  dictionary: [
    ...['HTTP/1.1 200 OK\r\n', 'HTTP/1.0 200\r\n', 'HTTP/1.1 103 \r\n\r\n', 'HTTP/1.1 100 C\r\n\r\n'],
    ...[
      'HTTP/1.1 204 N\r\n',
      'HTTP/1.1 304 N\r\n',
      'HTTP/1.1 101 S\r\n',
      '\r\n',
      '\r\n\r\n',
      '\n',
      '\r',
      ': ',
    ],
    ...['Content-Length: 3\r\n', 'Content-Length: 0\r\n', 'Transfer-Encoding: chunked\r\n\r\n', 'gzip, '],
    ...[
      'Connection: close\r\n',
      'Connection: keep-alive, X-A\r\n',
      'X-A: 1\r\n',
      'Keep-Alive: timeout=5\r\n',
    ],
    ...[
      '3\r\nabc\r\n',
      '0\r\n',
      '0\r\n\r\n',
      '1;a=b\r\n',
      ';a="\\""',
      'ffffffffffffffff',
      'abc',
      '\0',
      ' ',
      '\t',
    ],
  ],
  run(input) {
    const whole = parse([input])
    const middle = input.length >> 1
    for (const places of [[1, 2, 3], [middle], [middle - 1, middle + 1], everywhere(input)]) {
      assert.deepEqual(parse(cut(input, places)), whole)
    }
    for (const [, pairs] of whole.heads) for (const text of pairs) assert.doesNotMatch(text, /[\r\n\0]/)
    if (whole.outcome === 'invalid') return
    const node = parseByNode(input)
    // What is not whole yet may be refused later than there.
    if (whole.outcome === 'whole') assert.equal(node.failed, false)
    assert.deepEqual([whole.heads, whole.body, whole.trailers], [node.heads, node.body, node.trailers])
  },
}

function everywhere(input: Buffer): number[] {
  return Array.from(input, (_byte, at) => at)
}
