// Upgrades that nobody takes: whether bytes behind such a request may have been lost with its packet.
import { createServer } from 'node:http'
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { mayLosePipelined } from '../../../src/edge/ignored-upgrade.ts'
import { eventually, listen, RawClient } from './wire.ts'

const UPGRADE = 'Host: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n'

/** The verdict on the last request of the packets, asked while its head is handed out. */
async function verdict(contentLength: number | undefined, ...packets: string[]): Promise<boolean> {
  const asked = Promise.withResolvers<boolean>()
  const server = createServer((request) => {
    request.resume()
    const framing = { contentLength, chunked: request.headers['transfer-encoding'] !== undefined }
    if (request.headers.upgrade) asked.resolve(mayLosePipelined(request, framing))
  })
  const sockets: Socket[] = []
  server.on('connection', (socket) => void sockets.push(socket))
  const client = await RawClient.connect(await listen(server))
  let sent = 0
  for (const packet of packets) {
    client.write(packet)
    sent += packet.length
    await eventually(() => sockets[0]?.bytesRead === sent)
  }
  return asked.promise
}

describe('a request with an upgrade that nobody takes', () => {
  it.each([
    ['alone in its packet', undefined, [`GET / HTTP/1.1\r\n${UPGRADE}\r\n`]],
    ['in two packets', undefined, ['GET / HTTP/1.1\r\n', `${UPGRADE}\r\n`]],
    ['with its whole body', 3, [`POST / HTTP/1.1\r\n${UPGRADE}Content-Length: 3\r\n\r\nabc`]],
    [
      'after another one',
      undefined,
      ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', `GET / HTTP/1.1\r\n${UPGRADE}\r\n`],
    ],
  ])('%s loses nothing', async (_how, length, packets) => {
    expect(await verdict(length, ...packets)).toBe(false)
  })

  it.each([
    ['another request', undefined, `GET / HTTP/1.1\r\n${UPGRADE}\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['a piece of another request', undefined, `GET / HTTP/1.1\r\n${UPGRADE}\r\nG`],
    ['a body to come', 3, `POST / HTTP/1.1\r\n${UPGRADE}Content-Length: 3\r\n\r\nab`],
    ['chunks', undefined, `POST / HTTP/1.1\r\n${UPGRADE}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ])('with %s behind it may lose bytes', async (_what, length, packet) => {
    expect(await verdict(length, packet)).toBe(true)
  })

  it('on a connection without a parser to ask may lose bytes', () => {
    const request = { socket: {} } as Parameters<typeof mayLosePipelined>[0]
    expect(mayLosePipelined(request, { contentLength: undefined, chunked: false })).toBe(true)
  })
})
