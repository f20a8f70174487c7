// Trailers on their way to a target: into the last chunk of their own request, and of no other.
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { BodyStream } from '../../../src/exchange.ts'
import { carryTrailers, withTrailers } from '../../../src/upstream/request-trailers.ts'
import { bodyOf, collect, createRequest, startRawService, turns } from './rig.ts'

const LAST_CHUNK = '\r\n0\r\n\r\n'

function bodyWith(trailers: readonly string[] | undefined): BodyStream {
  const body = Readable.from([Buffer.from('abc')])
  return Object.assign(body, trailers === undefined ? {} : { trailers: () => trailers })
}

/** What a connection would be given where undici writes this at the end of the body. */
async function writtenAtEnd(body: BodyStream, text: string): Promise<string> {
  carryTrailers(body)
  const written = Promise.withResolvers<string>()
  body.on('end', () => written.resolve(withTrailers(text)))
  body.resume()
  return written.promise
}

describe('the last chunk', () => {
  it('carries the trailers of its body', async () => {
    expect(await writtenAtEnd(bodyWith(['X-A', '1', 'x-a', '']), LAST_CHUNK)).toBe(
      '\r\n0\r\nX-A: 1\r\nx-a: \r\n\r\n',
    )
  })

  it('is left alone without any', async () => {
    expect(await writtenAtEnd(bodyWith([]), LAST_CHUNK)).toBe(LAST_CHUNK)
    expect(await writtenAtEnd(bodyWith(undefined), LAST_CHUNK)).toBe(LAST_CHUNK)
  })

  it('is nothing else that is written', async () => {
    expect(await writtenAtEnd(bodyWith(['X-A', '1']), '\r\n3\r\n')).toBe('\r\n3\r\n')
    await turns(1)
    expect(withTrailers(LAST_CHUNK)).toBe(LAST_CHUNK)
  })

  it('of the next request does not carry them', async () => {
    await writtenAtEnd(bodyWith(['X-A', '1']), LAST_CHUNK)
    expect(withTrailers(LAST_CHUNK)).toBe(LAST_CHUNK)
  })
})

describe('a request with trailers', () => {
  it('brings them to the target', async () => {
    const { rig, target } = await startRawService((socket, request) => {
      if (request.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
    })
    const open = () => bodyWith(['X-A', '1'])
    const request = createRequest({ method: 'POST', body: { ...bodyOf('abc'), length: undefined, open } })
    expect((await collect(rig.service.call(request))).status).toBe(200)
    expect(target.requests.join('')).toContain('\r\n3\r\nabc\r\n0\r\nX-A: 1\r\n\r\n')
  })
})
