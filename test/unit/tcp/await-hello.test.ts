// A hello that arrives in pieces, late, or never, on a real connection.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { awaitClientHello } from '../../../src/tcp/await-hello.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { hello } from './hellos.ts'

let server: Server
let client: Socket
let socket: Socket
let clock: FakeClock

beforeEach(async () => {
  server = createServer({ allowHalfOpen: true, noDelay: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  client = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port, noDelay: true })
  ;[socket] = (await once(server, 'connection')) as [Socket]
  socket.on('error', () => {})
  clock = new FakeClock()
})

afterEach(async () => {
  client.destroy()
  socket.destroy()
  await new Promise((resolve) => server.close(resolve))
})

const outcome = () => awaitClientHello(socket, { clock, timeoutMs: 1000 })

describe('a hello', () => {
  it('is read from many small segments, and its bytes are there again, with those that follow', async () => {
    const waiting = outcome()
    const bytes = hello()
    for (let at = 0; at < bytes.length; at += 7) {
      client.write(bytes.subarray(at, at + 7))
      await expect.poll(() => socket.bytesRead).toBe(Math.min(at + 7, bytes.length))
    }
    expect(await waiting).toEqual({ kind: 'hello', serverName: 'db.example.com' })
    expect(clock.timers).toBe(0)
    client.end('and more')
    const chunks: Buffer[] = []
    for await (const chunk of socket) chunks.push(chunk as Buffer)
    expect(Buffer.concat(chunks)).toEqual(Buffer.concat([bytes, Buffer.from('and more')]))
  })

  it('that is none is told at once', async () => {
    client.write('GET / HTTP/1.1\r\n')
    expect(await outcome()).toEqual({ kind: 'invalid', alert: 50 })
    expect(clock.timers).toBe(0)
  })

  it('that is too slow is not waited for', async () => {
    const waiting = outcome()
    client.write(hello().subarray(0, 20))
    await expect.poll(() => socket.bytesRead).toBe(20)
    await clock.advance(1000)
    expect(await waiting).toEqual({ kind: 'late' })
  })

  it.each([
    ['ends', () => client.end()],
    ['resets', () => client.resetAndDestroy()],
  ])('is not waited for when the client %s', async (_how, leave) => {
    const waiting = outcome()
    leave()
    expect(await waiting).toEqual({ kind: 'gone' })
    expect(clock.timers).toBe(0)
  })
})
