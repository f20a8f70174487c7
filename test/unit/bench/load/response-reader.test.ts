// Responses in whatever pieces they come.
import { describe, expect, it } from 'vitest'
import { ResponseReader } from '../../../../bench/load/response-reader.ts'
import { fc } from '../../../support/property.ts'

const OK = 'HTTP/1.1 200 OK\r\nServer: x\r\ncontent-length:  5\r\n\r\nhello'
const NONE = 'HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n'

function read(pieces: readonly string[]): string[] {
  const seen: string[] = []
  const reader = new ResponseReader((status, bytes) => seen.push(`${status} ${bytes}`))
  for (const piece of pieces) reader.push(Buffer.from(piece, 'latin1'), piece.length)
  return seen
}

describe('a response reader', () => {
  it('tells status and length of a response', () => {
    expect(read([OK])).toEqual(['200 5'])
  })

  it('tells a response without a body at the end of its head', () => {
    expect(read([NONE])).toEqual(['429 0'])
  })

  it('waits for the last byte of the body', () => {
    expect(read([OK.slice(0, -1)])).toEqual([])
    expect(read([OK.slice(0, -1), 'o'])).toEqual(['200 5'])
  })

  it('reads responses one after the other from one piece', () => {
    expect(read([OK + NONE + OK])).toEqual(['200 5', '429 0', '200 5'])
  })

  it('reads the same from any pieces', () => {
    const stream = OK + NONE + OK
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: stream.length - 1 }), { maxLength: 8 }), (cuts) => {
        const ends = [...cuts].sort((a, b) => a - b)
        const pieces = [...ends, stream.length].map((end, at) =>
          stream.slice(at === 0 ? 0 : ends[at - 1], end),
        )
        expect(read(pieces.filter((piece) => piece !== ''))).toEqual(['200 5', '429 0', '200 5'])
      }),
    )
  })

  it('ignores what lies in the buffer behind the bytes that were read', () => {
    const seen: number[] = []
    const reader = new ResponseReader((status) => seen.push(status))
    reader.push(Buffer.from(`${NONE}HTTP/1.1 500 left from before\r\n`, 'latin1'), NONE.length)
    expect(seen).toEqual([429])
  })

  it('refuses a response whose end it cannot tell', () => {
    expect(() => read(['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'])).toThrow(
      'a response without Content-Length',
    )
  })

  it('refuses what is no response', () => {
    expect(() => read(['SSH-2.0-OpenSSH\r\n\r\n'])).toThrow('not an HTTP/1.1 response')
    expect(() => read(['x'.repeat(70_000)])).toThrow('no end of a response head')
  })
})
