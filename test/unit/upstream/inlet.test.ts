// What a target sends is read into buffers that are used again, and nobody's bytes change while somebody needs them.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer, type Server, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Inlet, inletOf, openBuffered } from '../../../src/upstream/inlet.ts'

const KIB = 1024
const SHARED = 64 * KIB

let server: Server
let peer: Socket
let socket: Socket
let inlet: Inlet
/** Copies of what came. */
let seen: Buffer[]
/** The same as they were given. */
let kept: Buffer[]
/** What the one that reads does with each part. */
let isTakenAtOnce: boolean
let isPausedAfterEach: boolean

beforeEach(async () => {
  seen = []
  kept = []
  isTakenAtOnce = false
  isPausedAfterEach = false
  server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  socket = openBuffered({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  await once(socket, 'connect')
  peer = ((await accepted) as [Socket])[0]
  inlet = inletOf(socket)
  inlet.listen((bytes) => {
    seen.push(Buffer.from(bytes))
    kept.push(inlet.lasting(bytes))
    if (isTakenAtOnce) inlet.onReturned()
    if (isPausedAfterEach) socket.pause()
  })
})

afterEach(() => {
  socket.destroy()
  peer.destroy()
  server.close()
})

const total = () => seen.reduce((sum, { length }) => sum + length, 0)

async function receive(bytes: Buffer): Promise<void> {
  const before = total()
  peer.write(bytes)
  const whole = before + bytes.length
  await expect
    .poll(() => (total() < whole ? socket.resume() : socket) && total(), { interval: 1 })
    .toBe(whole)
}

const memory = () => new Set(kept.filter(({ length }) => length > 16 * KIB).map(({ buffer }) => buffer)).size

describe('what is made lasting', () => {
  it('stays as it is, whatever is read afterwards', async () => {
    for (let round = 0; round < 6; round++) await receive(Buffer.alloc(300 * KIB, round))
    for (let round = 0; round < 6; round++) await receive(Buffer.alloc(100, 10 + round))
    expect(Buffer.concat(kept)).toEqual(Buffer.concat(seen))
  })

  it('is a copy where it is small', async () => {
    await receive(Buffer.alloc(100, 1))
    const first = kept[0]!
    await receive(Buffer.alloc(100, 2))
    expect(first).toEqual(Buffer.alloc(100, 1))
    expect(first.length).toBe(100)
  })
})

describe('a large body', () => {
  it('is read into one buffer when each part is given back before the next one comes', async () => {
    isTakenAtOnce = true
    for (let round = 0; round < 20; round++) await receive(Buffer.alloc(40 * KIB, round))
    expect(memory()).toBeLessThanOrEqual(2)
  })

  it('is read into two buffers when each part is given back a little later', async () => {
    const part = Buffer.alloc(40 * KIB, 7)
    for (let round = 0; round < 20; round++) {
      await receive(part)
      inlet.onReturned()
    }
    // What came in pieces, and the first one, are copies.
    expect(memory()).toBeLessThanOrEqual(3 + seen.filter(({ length }) => length < part.length).length)
  })

  it('is in one buffer alone while nobody takes it', async () => {
    isPausedAfterEach = true
    for (let round = 0; round < 20; round++) {
      await receive(Buffer.alloc(64 * KIB, round))
      expect(kept.at(-1)).toEqual(seen.at(-1))
      inlet.onReturned()
      socket.resume()
    }
    expect(memory()).toBeLessThanOrEqual(1 + seen.filter(({ length }) => length < 64 * KIB).length)
  })

  it('stays as it is while nobody takes it and other connections are read', async () => {
    isPausedAfterEach = true
    await receive(Buffer.alloc(64 * KIB, 1))
    const other = openBuffered({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
    const accepted = once(server, 'connection')
    let others = 0
    inletOf(other).listen((bytes) => {
      others += bytes.length
    })
    const [its] = (await accepted) as [Socket]
    its.write(Buffer.alloc(300 * KIB, 9))
    await expect.poll(() => others, { interval: 1 }).toBe(300 * KIB)
    socket.resume()
    await receive(Buffer.alloc(40 * KIB, 2))
    expect(Buffer.concat(kept)).toEqual(Buffer.concat(seen))
    other.destroy()
    its.destroy()
  })

  it('is read into new ones while none is given back', async () => {
    for (let round = 0; round < 20; round++) await receive(Buffer.alloc(40 * KIB, round))
    expect(Buffer.concat(kept)).toEqual(Buffer.concat(seen))
    expect(memory()).toBe(kept.filter(({ length }) => length > 16 * KIB).length)
  })

  it('does not get back what belonged to the one before it', async () => {
    await receive(Buffer.alloc(40 * KIB, 1))
    await receive(Buffer.alloc(40 * KIB, 2))
    inlet.onEnd()
    inlet.onReturned()
    for (let round = 0; round < 5; round++) await receive(Buffer.alloc(40 * KIB, 3 + round))
    expect(Buffer.concat(kept)).toEqual(Buffer.concat(seen))
  })
})

describe('a connection that goes on as a stream', () => {
  it('tells everything to it, what has come already first', async () => {
    socket.pause()
    inlet.leaveTo(socket, Buffer.from('first '))
    const body: Buffer[] = []
    socket.on('data', (chunk) => body.push(chunk))
    socket.resume()
    peer.end('second')
    await once(socket, 'end')
    expect(Buffer.concat(body).toString()).toBe('first second')
  })

  it('is not read while the stream is paused', async () => {
    inlet.leaveTo(socket, Buffer.alloc(0))
    let taken = 0
    socket.on('data', (chunk: Buffer) => {
      taken += chunk.length
    })
    socket.once('data', () => socket.pause())
    for (let round = 0; round < 64; round++) peer.write(Buffer.alloc(256 * KIB))
    for (let turns = 0; turns < 200; turns++) await turn()
    expect(taken + socket.readableLength).toBeLessThan(4 * SHARED)
    socket.resume()
    await expect.poll(() => taken).toBe(64 * 256 * KIB)
  })
})
