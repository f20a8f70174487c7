// Answers of HTTP/1.1: what is one, what is none, and that packets make no difference.
import { describe, expect, it } from 'vitest'
import { fc, runs } from '../../../support/property.ts'
import { cut, MAX_HEAD, parse, parseByNode } from './parsing.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')
const read = (text: string, expected?: Parameters<typeof parse>[1]) => parse([bytes(text)], expected)
const head = (...lines: string[]) => `HTTP/1.1 200 OK\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`
const chunked = (body: string) => head('Transfer-Encoding: chunked') + body

describe('an answer', () => {
  it.each([
    ['with a length', `${head('Content-Length: 3')}abc`, 'abc'],
    ['with a length of nothing', head('Content-Length: 0'), ''],
    ['in chunks', chunked('3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n'), 'abcde'],
    ['in chunks with sizes in any case and zeros', chunked('0A\r\n0123456789\r\n00\r\n\r\n'), '0123456789'],
    ['in chunks with extensions', chunked('3;a=b;c="d;\\"";e\r\nabc\r\n0;f\r\n\r\n'), 'abc'],
    ['to the end of the connection', `${head('X-A: 1')}abc`, 'abc'],
    ['of HTTP/1.0', 'HTTP/1.0 200 OK\r\n\r\nabc', 'abc'],
  ])('%s is whole', (_how, text, body) => {
    expect(read(text)).toMatchObject({ outcome: 'whole', body, left: 0 })
  })

  it.each([
    ['to HEAD', head('Content-Length: 3'), { toHead: true, upgrade: false }],
    ['to HEAD, in chunks', head('Transfer-Encoding: chunked'), { toHead: true, upgrade: false }],
    ['204', 'HTTP/1.1 204 No Content\r\n\r\n', undefined],
    ['304', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 3\r\n\r\n', undefined],
  ])('%s has no body: what follows is behind it', (_how, text, expected) => {
    expect(read(`${text}abc`, expected)).toMatchObject({ outcome: 'whole', body: '', left: 3 })
  })

  it('keeps names and values as they are, without the space around values', () => {
    const lines = ['x-A:  a b \t', 'X-a:', 'X-B:\xe9:\xff', '__proto__: x']
    const { heads } = read(head(...lines, 'Content-Length: 0'))
    const pairs = ['x-A', 'a b', 'X-a', '', 'X-B', '\xe9:\xff', '__proto__', 'x', 'Content-Length', '0']
    expect(heads).toEqual([[200, pairs]])
  })

  it('may come behind informational ones', () => {
    const { outcome, heads } = read(`HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nLink: a\r\n\r\n${head('X: 1')}`)
    expect([outcome, heads.map(([status]) => status)]).toEqual(['whole', [100, 103, 200]])
  })

  it('may be a switch where one was asked for, and ends with its head', () => {
    const text = 'HTTP/1.1 101 S\r\nContent-Length: 3\r\n\r\nHTTP/1.1'
    expect(read(text, { toHead: false, upgrade: true })).toMatchObject({
      outcome: 'whole',
      heads: [[101, []]],
      left: 8,
    })
    expect(read(text).outcome).toBe('invalid')
  })
})

describe('what is no head', () => {
  it.each([
    ['a bare line feed', 'HTTP/1.1 200 OK\nX: 1\r\n\r\n'],
    ['a bare line feed behind a field', 'HTTP/1.1 200 OK\r\nX: 1\nY: 2\r\n\r\n'],
    ['a bare carriage return', head('X: a\rb')],
    ['a NUL', head('X: a\0b')],
    ['a bell in the reason', 'HTTP/1.1 200 O\x07K\r\n\r\n'],
    ['DEL', head('X: a\x7fb')],
    ['a folded line', head('X: 1', ' 2')],
    ['a line without a name', head(': 1')],
    ['a line without a colon', head('X')],
    ['a space before the colon', head('X : 1')],
    ['a name that is no token', head('X[]: 1')],
    ['two lengths', head('Content-Length: 3', 'Content-Length: 4')],
    ['two equal lengths', head('Content-Length: 3', 'content-length: 3')],
    ['a list of lengths', head('Content-Length: 3, 3')],
    ['a signed length', head('Content-Length: +3')],
    ['an empty length', head('Content-Length:')],
    ['a length in hex', head('Content-Length: 0x3')],
    ['a length that no number holds', head('Content-Length: 9999999999999999')],
    ['a length and chunks', head('Content-Length: 3', 'Transfer-Encoding: chunked')],
    ['a coding that is not undone', head('Transfer-Encoding: gzip, chunked')],
    ['chunks twice', head('Transfer-Encoding: chunked, chunked')],
    ['chunks in two lines', head('Transfer-Encoding: chunked', 'Transfer-Encoding: chunked')],
    ['chunks in quotes', head('Transfer-Encoding: "chunked"')],
    ['chunks in HTTP/1.0', 'HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
    ['HTTP/2', 'HTTP/2.0 200 OK\r\n\r\n'],
    ['HTTP/1.2', 'HTTP/1.2 200 OK\r\n\r\n'],
    ['a version in lower case', 'http/1.1 200 OK\r\n\r\n'],
    ['a status of two digits', 'HTTP/1.1 20 OK\r\n\r\n'],
    ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
    ['a status below 100', 'HTTP/1.1 099 OK\r\n\r\n'],
    ['two spaces before the status', 'HTTP/1.1  200 OK\r\n\r\n'],
    ['a line before it', '\r\nHTTP/1.1 200 OK\r\n\r\n'],
    ['an informational head that closes', 'HTTP/1.1 100 C\r\nConnection: close\r\n\r\n'],
    ['a head over its limit', head(`X: ${'a'.repeat(MAX_HEAD)}`)],
    ['garbage', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ])('%s', (_what, text) => {
    expect(read(text)).toMatchObject({ outcome: 'invalid', heads: [] })
  })

  it.each(['SSH-2.0', 'HTTP/2', 'HTTP/1.1 200 OK\nX', 'HTTP/1.1 200 OK\r\nX: \0'])(
    'is known before its end: %j',
    (text) => {
      expect(read(text).outcome).toBe('invalid')
    },
  )

  it.each(['', 'HTT', 'HTTP/1.1 200 OK\r', 'HTTP/1.1 200 OK\r\nX: 1\r\n', `${head('Content-Length: 2')}a`])(
    'is not what only breaks off: %j',
    (text) => {
      expect(read(text).outcome).toBe('cut')
    },
  )

  it('is a row of informational heads without end', () => {
    const many = (count: number) => `${'HTTP/1.1 103 E\r\n\r\n'.repeat(count)}${head('X: 1')}`
    expect([read(many(64)).outcome, read(many(65)).outcome]).toEqual(['whole', 'invalid'])
  })

  it('is one over the limit only as a whole: what follows does not count', () => {
    const lines = (count: number) => head(`X: ${'a'.repeat(count)}`, 'Content-Length: 9000')
    const most = MAX_HEAD - lines(0).length
    expect(read(lines(most) + 'a'.repeat(9000)).outcome).toBe('whole')
    expect(read(lines(most + 1) + 'a'.repeat(9000)).outcome).toBe('invalid')
  })
})

describe('chunks', () => {
  it.each([
    ['no size', '\r\n'],
    ['a size that is none', 'zz\r\n'],
    ['a size with a sign', '+3\r\nabc\r\n'],
    ['a size with a prefix', '0x3\r\nabc\r\n'],
    ['a size with a space', '3 \r\nabc\r\n'],
    ['a size of more than 2^52', '10000000000000\r\n'.replace('1', '11')],
    ['a bare line feed behind the size', '3\nabc\r\n'],
    ['a bare carriage return in the size', '3\r3\r\nabc\r\n'],
    ['more bytes than the size', '3\r\nabcd\r\n'],
    ['a bare line feed behind the data', '3\r\nabc\n0\r\n\r\n'],
    ['an extension that is none', '3;\r\nabc\r\n'],
    ['an extension with a space', '3; a=b\r\nabc\r\n'],
    ['an extension with a control character', '3;a="\x01"\r\nabc\r\n'],
    ['an extension over its limit', `3;${'a'.repeat(1024)}\r\nabc\r\n`],
    ['extensions over their limit', `1;${'a'.repeat(1000)}\r\na\r\n`.repeat(20)],
    ['a length behind them', '0\r\nContent-Length: 3\r\n\r\n'],
    ['trailers that are none', '0\r\nX A: 1\r\n\r\n'],
    ['trailers over their limit', `0\r\n${'X: 1\r\n'.repeat(MAX_HEAD)}\r\n`],
  ])('with %s are none', (_what, text) => {
    expect(read(chunked(text))).toMatchObject({ outcome: 'invalid', trailers: [] })
  })

  it('have trailers, but none that counts only in a head', () => {
    const lines = ['X-Sum: caf\xe9', 'Transfer-Encoding: gzip', 'Host: x', 'Set-Cookie: a', 'x-sum: 2']
    expect(read(chunked(`0\r\n${lines.join('\r\n')}\r\n\r\n`))).toMatchObject({
      outcome: 'whole',
      trailers: ['X-Sum', 'caf\xe9', 'x-sum', '2'],
    })
  })
})

const places = fc.array(fc.integer({ min: 0, max: 600 }), { maxLength: 12 })
const token = fc.stringMatching(/^[Xx]-[A-Za-z0-9!#$%&'*+.^_`|~-]{0,8}$/)
const value = fc.stringMatching(/^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]{0,12}[!-~\x80-\xff])?)?$/)
const fields = fc.array(fc.tuple(token, value), { maxLength: 6 })
const content = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array).toString('latin1'))
const parts = fc.array(
  content.filter((part) => part !== ''),
  { maxLength: 5 },
)
const linesOf = (pairs: readonly (readonly string[])[]) =>
  pairs.map(([name, text]) => `${name}: ${text}\r\n`).join('')

describe('packets', () => {
  it('make no difference, whatever is in them', () => {
    const piece = fc.constantFrom(
      ...[
        'HTTP/1.1 200 OK\r\n',
        'HTTP/1.1 100 C\r\n\r\n',
        'HTTP/1.1 204 N\r\n',
        'X-A: 1\r\n',
        '\r\n',
        '\n',
        '\r',
      ],
      ...[
        'Content-Length: 3\r\n',
        'Transfer-Encoding: chunked\r\n',
        'Connection: close\r\n',
        'abc',
        '\0',
        ' ',
        ':',
      ],
      ...['3\r\nabc\r\n', '3;a=b\r\n', '0\r\n', '0\r\n\r\n', 'X: \xe9\r\n', 'HTTP/1.'],
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), places, (pieces, at) => {
        const text = bytes(pieces.join(''))
        const whole = parse([text])
        expect(parse(cut(text, at))).toEqual(whole)
        // And none of it is taken that Node's own client would not take.
        const node = parseByNode(text)
        if (whole.outcome === 'whole') expect(node.failed).toBe(false)
        if (whole.outcome !== 'invalid')
          expect([whole.heads, whole.body, whole.trailers]).toEqual([node.heads, node.body, node.trailers])
      }),
      { numRuns: runs(3000) },
    )
  })

  it('bring back what was sent in chunks of any size, with its trailers', () => {
    fc.assert(
      fc.property(fields, parts, fields, places, (headers, body, trailers, at) => {
        const chunks = body.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')
        const text = `HTTP/1.1 200 OK\r\n${linesOf(headers)}Transfer-Encoding: chunked\r\n\r\n${chunks}0\r\n${linesOf(trailers)}\r\n`
        expect(parse(cut(bytes(text), at))).toEqual({
          outcome: 'whole',
          heads: [[200, headers.flat()]],
          body: body.join(''),
          trailers: trailers.flat(),
          left: 0,
        })
      }),
      { numRuns: runs(500) },
    )
  })
})
