// Requests as the edge reads them: a body comes when somebody wants it, whole, once, and is never more than was wanted.
import { describe, expect, it } from 'vitest'
import type { Http1Request } from '../../../../src/edge/http1/http1-request.ts'
import { LIMITS } from '../test-limits.ts'
import { arrive, eventually, turns } from '../wire.ts'

const POST = (framing: string) => `POST /x HTTP/1.1\r\nHost: gw.test\r\n${framing}\r\n\r\n`
const LENGTH = (length: number) => POST(`Content-Length: ${length}`)
const CHUNKED = POST('Transfer-Encoding: chunked')

/** Reads, and notes what it is told. */
function reader(raw: Http1Request) {
  const told: string[] = []
  raw.on('data', (chunk) => told.push(chunk.toString('latin1')))
  raw.on('end', () => told.push('END'))
  raw.on('close', () => told.push('GONE'))
  return told
}

describe('a body', () => {
  it.each([
    ['a length', `${LENGTH(6)}abcdef`],
    ['chunks', `${CHUNKED}1\r\na\r\n5\r\nbcdef\r\n0\r\n\r\n`],
  ])('of %s that came with its head is there for whoever reads it later', async (_framing, bytes) => {
    const { raw } = await arrive(bytes)
    await eventually(() => raw.complete)
    expect(raw.readableEnded).toBe(false)
    const told = reader(raw)
    // Whoever begins to read may not be ready at once.
    expect(told).toEqual([])
    await eventually(() => raw.readableEnded)
    expect([told.slice(0, -1).join(''), told.at(-1)]).toEqual(['abcdef', 'END'])
  })

  it.each([
    ['no framing', 'GET /x HTTP/1.1\r\nHost: gw.test\r\n\r\n'],
    ['a length of nothing', LENGTH(0)],
  ])('that is none is complete with the head: %s', async (_framing, bytes) => {
    const { raw } = await arrive(bytes)
    expect(raw.complete).toBe(true)
    const told = reader(raw)
    await eventually(() => raw.readableEnded)
    expect(told).toEqual(['END'])
  })

  it('comes as it arrives, stops in between as long as that is wanted, and ends once', async () => {
    const { raw, client, socket } = await arrive(LENGTH(9))
    const told = reader(raw)
    client.write('abc')
    await eventually(() => told.join('') === 'abc')
    raw.pause()
    client.write('def')
    await eventually(() => socket.isPaused())
    client.write('ghi')
    await turns()
    expect(told.join('')).toBe('abc')
    raw.resume()
    raw.resume()
    await eventually(() => raw.readableEnded)
    await turns()
    expect(told.join(' ')).toMatch(/^abc def ghi END$/)
  })

  it('that is paused by its reader in the middle of what has come gives it no more', async () => {
    const { raw } = await arrive(`${CHUNKED}1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n`)
    await eventually(() => raw.complete)
    const told: string[] = []
    raw.on('data', (chunk) => {
      told.push(chunk.toString())
      raw.pause()
    })
    for (const seen of ['a', 'a b', 'a b c']) {
      await turns()
      expect(told.join(' ')).toBe(seen)
      raw.resume()
    }
    await eventually(() => raw.readableEnded)
  })

  it('that nobody reads stays with the client beyond one read, and takes few objects', async () => {
    const chunks = '1\r\nx\r\n'.repeat(100_000)
    const { raw, client, socket } = await arrive(CHUNKED)
    client.write(chunks)
    await eventually(() => socket.isPaused())
    await turns()
    const { bytesRead } = socket
    expect(bytesRead).toBeLessThan(300_000)
    let [pieces, bytes] = [0, 0]
    raw.on('data', (chunk) => {
      pieces++
      bytes += chunk.length
      raw.pause()
    })
    await eventually(() => pieces === 1)
    // All that came in one read, as one.
    expect(bytes).toBeGreaterThan(1000)
  })

  it('runs off when it is resumed and nobody listens', async () => {
    const { raw, client } = await arrive(LENGTH(1_000_000))
    client.write('x'.repeat(1_000_000))
    raw.resume()
    await eventually(() => raw.readableEnded)
    expect(raw.complete).toBe(true)
  })

  it('that breaks off is no end', async () => {
    const { raw, client } = await arrive(`${LENGTH(10)}abc`)
    const told = reader(raw)
    await eventually(() => told.length === 1)
    client.socket.resetAndDestroy()
    await eventually(() => raw.destroyed)
    expect(told).toEqual(['abc', 'GONE'])
  })
})

describe('trailers', () => {
  it('are there with the end, as they were sent', async () => {
    const { raw } = await arrive(`${CHUNKED}1\r\na\r\n0\r\nX-A: \t1 \r\nx-a:2\r\n\r\n`)
    reader(raw)
    await eventually(() => raw.readableEnded)
    expect(raw.rawTrailers).toEqual(['X-A', '1', 'x-a', '2'])
  })

  it.each([
    'Content-Length: 1',
    'transfer-encoding: chunked',
    'X A: 1',
    ' folded',
    'X: a\x00b',
    'X: a\rb',
    'none',
  ])('that are none, or that frame, are refused: %j', async (line) => {
    const { raw, client } = await arrive(`${CHUNKED}1\r\na\r\n0\r\n${line}\r\n\r\n`)
    const told = reader(raw)
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 400 /)
    await turns()
    expect(told).not.toContain('END')
  })
})

describe('a head', () => {
  it('is told as it was sent', async () => {
    const { raw } = await arrive('GET /a?b HTTP/1.1\r\nHost: gw.test\r\nX-a: 1\r\nX-A: 2\r\n\r\n')
    expect(raw).toMatchObject({ method: 'GET', url: '/a?b', httpVersionMajor: 1, httpVersionMinor: 1 })
    expect(raw.rawHeaders).toEqual(['Host', 'gw.test', 'X-a', '1', 'X-A', '2'])
    expect(raw.headers.host).toBe('gw.test')
  })

  it.each([
    ['two lengths', 'Content-Length: 1\r\nContent-Length: 1', 'BAD_REQUEST'],
    ['a length and a coding', 'Content-Length: 1\r\nTransfer-Encoding: chunked', 'BAD_REQUEST'],
    ['a coding that is unknown', 'Transfer-Encoding: gzip', 'TRANSFER_CODING_NOT_SUPPORTED'],
    [
      'two codings',
      'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked',
      'TRANSFER_CODING_NOT_SUPPORTED',
    ],
    ['too many fields', 'X: 1\r\n'.repeat(LIMITS.headers + 1).trimEnd(), 'HEADERS_TOO_LARGE'],
  ])('with %s says so to whoever asks, and nothing behind it is read', async (_what, fields, code) => {
    const { raw, client, served } = await arrive(`${POST(fields)}0\r\n\r\n`)
    expect(() => raw.head).toThrow(expect.objectContaining({ code }))
    expect([raw.isFramed, raw.complete, raw.keepsAlive, raw.upgrade]).toEqual([false, false, false, false])
    const told = reader(raw)
    client.write('GET /behind HTTP/1.1\r\nHost: gw.test\r\n\r\n')
    await turns()
    expect([told, served.length]).toEqual([[], 1])
  })
})
