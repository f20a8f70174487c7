// Heads found in bytes that come in any pieces: what is handed on, what is left, and what is given up early.
import { describe, expect, it } from 'vitest'
import { HeadReader } from '../../../../src/edge/http1/head-reader.ts'
import { fc } from '../../../support/property.ts'

const MAX = 1000
const HEAD = 'GET /x HTTP/1.1\r\nHost: a\r\n'

/** What is handed on of these pieces, and what nobody took: after a head the rest is somebody else's. */
function read(pieces: readonly string[], maxBytes = MAX) {
  const heads: string[] = []
  const reader = new HeadReader(maxBytes, (text) => heads.push(text))
  let rest = ''
  for (const piece of pieces) {
    const bytes = Buffer.from(piece, 'latin1')
    let at = 0
    while (at < bytes.length && heads.length === 0) at = reader.take(bytes, at)
    rest += bytes.toString('latin1', at)
  }
  return { heads, rest, hasPart: reader.hasPart }
}

const refusal = (code: string) => expect.objectContaining({ code })

describe('a head', () => {
  it('is found wherever the packets are cut, and what is behind it is left', () => {
    const text = `\r\n\r\n${HEAD}\r\n\r\nbehind`
    const cuts = fc.array(fc.nat({ max: text.length }), { maxLength: 8 })
    const property = fc.property(cuts, (places) => {
      const at = [0, ...places.sort((a, b) => a - b), text.length]
      const pieces = at.slice(1).map((to, index) => text.slice(at[index], to))
      expect(read(pieces)).toEqual({ heads: [HEAD], rest: '\r\nbehind', hasPart: false })
    })
    fc.assert(property, { numRuns: 1000 })
    expect(read([...text])).toEqual({ heads: [HEAD], rest: '\r\nbehind', hasPart: false })
  })

  it.each(['', '\r\n', '\r', '\r\n\r'])('has not begun with %j', (text) => {
    expect(read([text]).hasPart).toBe(false)
    expect(read([text, text.endsWith('\r') ? '\nG' : 'G']).hasPart).toBe(true)
  })

  it('of the largest size that a config allows may come in small pieces', () => {
    const largest = 1024 * 1024
    const head = `${HEAD}X: ${'x'.repeat(largest - HEAD.length - 7)}\r\n`
    const pieces = `${head}\r\n`.match(/[\s\S]{1,3}/g)!
    // Looked through anew with each piece, it took two minutes.
    expect(read(pieces, largest).heads).toEqual([head])
  })

  it.each([1, 7, MAX * 2])('may have as many bytes as it may have, in pieces of %d', (size) => {
    const pieces = (bytes: number) => {
      const text = `${HEAD}X: ${'x'.repeat(bytes - HEAD.length - 7)}\r\n\r\n`
      return text.match(new RegExp(`[\\s\\S]{1,${size}}`, 'g'))!
    }
    expect(read(pieces(MAX)).heads).toHaveLength(1)
    expect(() => read(pieces(MAX + 1))).toThrow(refusal('HEADERS_TOO_LARGE'))
  })
})

describe('what can be no head', () => {
  it.each([
    ['another method', ['GEX']],
    ['no method, byte by byte', [...'M-SEARCHX']],
    ['a method without an end', ['UNSUBSCRIB', 'EEEEEEE']],
    ['a bare carriage return ahead', ['\r', 'GET']],
    ['a bare line feed ahead', ['\nGET']],
    ['a bare line feed', ['GET / HTTP/1.1', '\n']],
    ['a bare carriage return at a cut', ['GET / HTTP/1.1\r', 'H']],
    ['half an end that goes on otherwise', ['GET / HTTP/1.1\r\n\r', 'H']],
    ['a control character', ['GET / HTTP/1.1\r\nX: ', '\0']],
  ])('is given up before its end: %s', (_what, pieces) => {
    expect(() => read(pieces)).toThrow(refusal('BAD_REQUEST'))
    expect(() => read(pieces.slice(0, -1))).not.toThrow()
  })
})
