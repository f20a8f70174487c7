// A body in chunks: what is one, what is none, and that packets make no difference.
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { ChunkedBody } from '../../../src/http1/chunked-body.ts'
import type { Excess } from '../../../src/http1/message-text.ts'
import { fc } from '../../support/property.ts'

const MAX_TRAILERS = 200

interface Read {
  readonly data: string
  readonly trailers: string
  readonly done: boolean
  /** Bytes behind the end. */
  readonly left: number
}

class Broken extends GatewayError {
  readonly excess: Excess | undefined

  constructor(excess: Excess | undefined) {
    super('BAD_REQUEST')
    this.excess = excess
  }
}

function read(...pieces: string[]): Read {
  const body = new ChunkedBody(MAX_TRAILERS, (_reason, excess) => new Broken(excess))
  let data = ''
  let left = 0
  for (const piece of pieces) {
    const bytes = Buffer.from(piece, 'latin1')
    let at = 0
    while (at < bytes.length && !body.done) {
      at = body.take(bytes, at, (from, to) => {
        data += bytes.toString('latin1', from, to)
      })
    }
    left += bytes.length - at
  }
  return { data, trailers: body.trailerLines, done: body.done, left }
}

/** What is wrong: `head` or `extensions` is too large, or `framing`; undefined when nothing is. */
function fault(...pieces: string[]): Excess | 'framing' | undefined {
  try {
    read(...pieces)
    return undefined
  } catch (error) {
    if (error instanceof Broken) return error.excess ?? 'framing'
    throw error
  }
}

const LAST = '0\r\n\r\n'
const RIGHT: [string, string, string][] = [
  ['of nothing', LAST, ''],
  ['of one chunk', `3\r\nabc\r\n${LAST}`, 'abc'],
  ['of many', `1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n${LAST}`, 'abcdef'],
  ['with sizes in any case', `a\r\n0123456789\r\nB\r\n0123456789a\r\n${LAST}`, '01234567890123456789a'],
  ['with zeros ahead of sizes', '0003\r\nabc\r\n000\r\n\r\n', 'abc'],
  ['with line ends and chunks in its data', `8\r\n\r\n0\r\n\r\n\n\r\n${LAST}`, '\r\n0\r\n\r\n\n'],
  ['with extensions', '3;a;b=c;d="e;\\"\r\r";f\r\nabc\r\n0;last=1\r\n\r\n'.replaceAll('\r\r', '\t'), 'abc'],
]

describe('a body', () => {
  it.each(RIGHT)('%s is whole', (_how, text, data) => {
    expect(read(text)).toEqual({ data, trailers: '', done: true, left: 0 })
  })

  it.each(RIGHT)('%s is the same in two pieces, cut anywhere', (_how, text, data) => {
    for (let at = 1; at < text.length; at++) {
      expect(read(text.slice(0, at), text.slice(at))).toEqual({ data, trailers: '', done: true, left: 0 })
    }
  })

  it.each(RIGHT)('%s is the same byte by byte', (_how, text, data) => {
    expect(read(...text)).toEqual({ data, trailers: '', done: true, left: 0 })
  })

  it('of random chunks in random pieces is what was sent', () => {
    const chunks = fc.array(
      fc.string({ unit: fc.constantFrom('\r', '\n', '0', 'a', ';', '\xff'), minLength: 1 }),
    )
    fc.assert(
      fc.property(chunks, fc.array(fc.nat(60)), (parts, sizes) => {
        const text = parts.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('') + LAST
        const pieces = sizes.map((size, index) => {
          const from = sizes.slice(0, index).reduce((sum, one) => sum + one, 0)
          return text.slice(from, from + size)
        })
        pieces.push(text.slice(pieces.join('').length))
        expect(read(...pieces)).toEqual({ data: parts.join(''), trailers: '', done: true, left: 0 })
      }),
    )
  })

  it('is not whole before its last line has ended', () => {
    const text = `3\r\nabc\r\n${LAST}`
    for (let at = 1; at < text.length; at++) expect(read(text.slice(0, at)).done).toBe(false)
  })

  it('takes nothing behind its end', () => {
    expect(read(`1\r\na\r\n${LAST}GET / HTTP/1.1\r\n`)).toMatchObject({ data: 'a', done: true, left: 16 })
  })

  it('may have trailers, which are text', () => {
    const text = '1\r\na\r\n0\r\nX-Sum: 1\r\nX-B: \xe9\r\n\r\nG'
    expect(read(text)).toEqual({ data: 'a', trailers: 'X-Sum: 1\r\nX-B: \xe9\r\n', done: true, left: 1 })
    expect(read(...text)).toEqual(read(text))
  })
})

describe('what is no chunk', () => {
  it.each([
    ['no size', '\r\n'],
    ['a size that is no number', 'zz\r\n'],
    ['a negative size', '-1\r\n'],
    ['a size with a sign', '+1\r\n'],
    ['a size with a prefix', '0x1\r\n'],
    ['a size with a digit group', '1_0\r\n'],
    ['a size with space ahead', ' 1\r\n'],
    ['a size with space behind', '1 \r\n'],
    ['a size with a tab behind', '1\t\r\n'],
    ['a size of more than 2^52', '10000000000000\r\n'],
    ['a size of zeros without end', `${'0'.repeat(14)}\r\n`],
    ['a size behind a bare line feed', '1\n'],
    ['a size behind a bare carriage return', '1\ra\r\n'],
    ['a size behind two carriage returns', '1\r\r\n'],
    ['an extension without a name', '1;\r\n'],
    ['an extension without a value', '1;a=\r\n'],
    ['an extension with white space', '1; a\r\n'],
    ['an extension with white space around its sign', '1;a =b\r\n'],
    ['an extension with an open quote', '1;a="b\r\n'],
    ['an extension with a control character', '1;a="\x01"\r\n'],
    ['an extension with a bare carriage return', '1;a="\r"\r\n'],
    ['an extension with a name that is none', '1;\xe9\r\n'],
    ['data longer than its size', '1\r\nab\r\n'],
    ['data behind a bare line feed', '1\r\na\n'],
    ['data behind a bare carriage return', '1\r\na\r0\r\n'],
    ['data that ends in two line ends', '1\r\na\r\n\r\n'],
    ['a last chunk with data', '0\r\na\n'],
    ['a last line of a bare line feed', '0\r\n\n'],
    ['a trailer behind a bare line feed', '0\r\nX: 1\n\r\n'],
  ])('%s is refused', (_what, text) => {
    expect(fault(text)).toBe('framing')
    expect(fault(...text)).toBe('framing')
  })
})

describe('limits', () => {
  it('of the extensions of a chunk', () => {
    const line = (length: number) => `1;${'a'.repeat(length - 4)}\r\n`
    expect(fault(line(1024))).toBeUndefined()
    expect(fault(line(1025))).toBe('extensions')
    expect(fault(...line(1025))).toBe('extensions')
  })

  it('of a line whose end does not come', () => {
    expect(fault('1;', 'a'.repeat(1022))).toBeUndefined()
    expect(fault('1;', 'a'.repeat(1023))).toBe('extensions')
  })

  it('of the extensions of all chunks', () => {
    const chunk = `1;${'a'.repeat(1023)}`.slice(0, 1022)
    const chunks = (count: number) => `${chunk}\r\na\r\n`.repeat(count)
    expect(fault(chunks(16))).toBeUndefined()
    expect(fault(chunks(17))).toBe('extensions')
  })

  it('of a trailer', () => {
    const trailer = (length: number) => `0\r\n${'X: '.padEnd(length - 2, 'a')}\r\n\r\n`
    expect(fault(trailer(MAX_TRAILERS))).toBeUndefined()
    expect(fault(trailer(MAX_TRAILERS + 1))).toBe('head')
    expect(fault(...trailer(MAX_TRAILERS + 1))).toBe('head')
  })

  it('of all trailers', () => {
    expect(fault(`0\r\n${'X: 1234\r\n'.repeat(22)}\r\n`)).toBeUndefined()
    expect(fault(`0\r\n${'X: 1234\r\n'.repeat(23)}\r\n`)).toBe('head')
  })

  it('do not count the data', () => {
    expect(read(`fffff\r\n${'a'.repeat(0xfffff)}\r\n${LAST}`)).toMatchObject({ done: true })
  })
})
