// A body over HTTP/2 to a service that does not take it: what is on its way is bounded, and all of it arrives later.
import { once } from 'node:events'
import { connect } from 'node:http2'
import type { Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { startTestGateway } from '../support/gateway.ts'
import { startRawTarget } from '../support/target-server.ts'

const PART = Buffer.alloc(64 * 1024, 'x')
const PARTS = 640
/** The window of the stream, and what the kernel keeps for a connection: 4.7 MB together. */
const MAX_AHEAD = 12 * 1024 * 1024

it('a service that does not read holds back the client', async () => {
  const service = Promise.withResolvers<Socket>()
  const target = await startRawTarget((socket) => service.resolve(socket))
  onTestFinished(target.close)
  const gateway = await startTestGateway(`
listeners: { clear: { protocol: h2c, address: "127.0.0.1:0" } }
services: { api: { targets: ["${target.url}"], routes: { all: /* } } }
`)
  onTestFinished(() => gateway.stop())
  const session = connect(gateway.gateway.addresses.listeners['clear']!)
  onTestFinished(() => session.destroy())
  const stream = session.request({
    ':method': 'POST',
    ':path': '/x',
    ':authority': 'gw.test',
    'content-length': String(PARTS * PART.length),
  })
  let gone = 0
  const write = () => stream.write(PART, count)
  const count = () => {
    if (++gone < PARTS) write()
  }
  write()
  const socket = await service.promise
  let before = -1
  // Still for a while: every window and buffer is full.
  await expect
    .poll(
      () => {
        const still = gone === before
        before = gone
        return still
      },
      { interval: 300 },
    )
    .toBe(true)
  expect(gone * PART.length).toBeLessThan(MAX_AHEAD)
  let taken = 0
  socket.on('data', (bytes: Buffer) => {
    taken += bytes.length
    if (taken > PARTS * PART.length) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  })
  const [head] = await once(stream, 'response')
  expect(head[':status']).toBe(200)
  expect(gone).toBe(PARTS)
})
