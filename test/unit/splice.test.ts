// Two real connections with a splice between them: what one end does is what the other end sees.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Splice, type SpliceLimits } from '../../src/splice.ts'
import { systemClock } from '../../src/system-clock.ts'
import { FakeClock } from '../support/fake-clock.ts'

const LIMITS: SpliceLimits = { idleMs: 20_000, halfOpenMs: 20_000, lifetimeMs: 20_000 }

let server: Server
let ends: Socket[]

beforeEach(async () => {
  ends = []
  server = createServer({ allowHalfOpen: true, pauseOnConnect: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})

afterEach(async () => {
  for (const end of ends) end.destroy()
  await new Promise((resolve) => server.close(resolve))
})

describe('a splice', () => {
  it('carries bytes both ways and counts them', async () => {
    const { client, target, splice } = await start()
    client.end('question')
    expect(await textOf(target)).toBe('question')
    target.end('the answer')
    expect(await textOf(client)).toBe('the answer')
    expect(await splice.done).toBe('ended')
    expect(splice.sentTo('target')).toBe(8)
    expect(splice.sentTo('client')).toBe(10)
  })

  it('keeps the other way open when one side has ended', async () => {
    const { client, target, splice } = await start()
    client.end()
    await once(target.resume(), 'end')
    for (let part = 0; part < 3; part++) {
      target.write(`part ${part};`)
      expect(String((await once(client, 'data'))[0])).toBe(`part ${part};`)
    }
    target.end()
    expect(await splice.done).toBe('ended')
  })

  it.each(['client', 'target'] as const)('passes a reset of the %s on as a reset', async (side) => {
    const ends = await start()
    const other = side === 'client' ? ends.target : ends.client
    const failed = resetOf(other)
    ends[side].resetAndDestroy()
    expect(await failed).toBe('ECONNRESET')
    expect(await ends.splice.done).toBe(`${side}Reset`)
  })

  it('reads no faster than the other side takes it', async () => {
    const { client, target, splice } = await start()
    const chunk = Buffer.alloc(1 << 20)
    target.pause()
    let written = 0
    while (written < 256 && client.writableLength < 32 * chunk.length) {
      client.write(chunk)
      written++
      await new Promise(setImmediate)
    }
    // What the kernel takes is a few MiB at each of the four ends; the rest waits where it came from.
    expect(client.writableLength).toBeGreaterThanOrEqual(16 * chunk.length)
    expect(splice.sentTo('target')).toBeLessThan(written * chunk.length - client.writableLength + 1)
    target.resume()
    client.end()
    await once(target, 'end')
    expect(splice.sentTo('target')).toBe(written * chunk.length)
  })

  it('gives the client all of an early answer, although the target takes no more', async () => {
    const [target, nearTarget] = await pair()
    const written = Promise.withResolvers<() => void>()
    const slow = new Duplex({ read() {}, write: (_chunk, _encoding, done) => written.resolve(done) })
    const client = Object.assign(slow, { setTimeout: () => slow, bytesWritten: 0 }) as unknown as Socket
    const splice = new Splice(client, nearTarget, { clock: systemClock, limits: LIMITS })
    target.end('the answer')
    await once(nearTarget, 'end')
    const broken = new Promise((resolve) => nearTarget.once('close', resolve))
    nearTarget.destroy(new Error('write EPIPE'))
    await broken
    expect(client.destroyed).toBe(false)
    const deliver = await written.promise
    deliver()
    expect(await splice.done).toBe('targetReset')
    expect(client.writableFinished).toBe(true)
  })

  it('gives the target all that the client had said before it went, but not for ever', async () => {
    const [client, nearClient] = await pair()
    const times: number[] = []
    const stuck = new Duplex({ read() {}, write: () => {} })
    const target = Object.assign(stuck, {
      setTimeout: (ms: number) => times.push(ms),
      resetAndDestroy: () => stuck.destroy(),
      bytesWritten: 0,
    }) as unknown as Socket
    const splice = new Splice(nearClient, target, { clock: systemClock, limits: LIMITS })
    client.end('the question')
    await once(nearClient, 'end')
    client.resetAndDestroy()
    // The reset is noticed when something is written.
    while (!nearClient.destroyed) {
      stuck.push('.')
      await new Promise(setImmediate)
    }
    await expect.poll(() => times.at(-1)).toBe(LIMITS.halfOpenMs)
    expect(stuck.destroyed).toBe(false)
    stuck.emit('timeout')
    expect(await splice.done).toBe('clientReset')
  })
})

describe('a splice is over', () => {
  it('when nothing has moved for the idle time, and not as if it had ended well', async () => {
    const { client, splice } = await start({ ...LIMITS, idleMs: 30 })
    expect(await resetOf(client)).toBe('ECONNRESET')
    expect(await splice.done).toBe('idle')
  })

  it('sooner when one side has ended already', async () => {
    const { client, splice } = await start({ ...LIMITS, halfOpenMs: 30 })
    client.end()
    expect(await resetOf(client)).toBe('ECONNRESET')
    expect(await splice.done).toBe('idle')
  })

  it('when its lifetime is, busy or not', async () => {
    const clock = new FakeClock()
    const { client, target, splice } = await start({ ...LIMITS, lifetimeMs: 1000 }, clock)
    const resets = [resetOf(client), resetOf(target)]
    await clock.advance(1000)
    expect(await Promise.all(resets)).toEqual(['ECONNRESET', 'ECONNRESET'])
    expect(await splice.done).toBe('lifetime')
    expect(clock.timers).toBe(0)
  })

  it('when the gateway cuts it, and leaves no timer', async () => {
    const clock = new FakeClock()
    const { client, splice } = await start(LIMITS, clock)
    const reset = resetOf(client)
    splice.cut()
    expect(await reset).toBe('ECONNRESET')
    expect(await splice.done).toBe('cut')
    expect(clock.timers).toBe(0)
  })
})

it.each(['client', 'target'] as const)(
  'a splice that is cut as the end of the %s comes is over',
  async (side) => {
    const { [side]: far, near, splice } = await start()
    // Behind the splice's own listener: the end is on its way to the other side.
    near[side].once('end', () => splice.cut())
    far.end()
    expect(await splice.done).toBe('cut')
    expect([near.client.closed, near.target.closed]).toEqual([true, true])
  },
)

/** The far ends of a client and of a target; what lies between them is the splice. */
async function start(limits = LIMITS, clock: FakeClock | typeof systemClock = systemClock) {
  const [client, nearClient] = await pair()
  const [target, nearTarget] = await pair()
  const near = { client: nearClient, target: nearTarget }
  return { client, target, near, splice: new Splice(nearClient, nearTarget, { clock, limits }) }
}

async function pair(): Promise<readonly [Socket, Socket]> {
  const far = connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    allowHalfOpen: true,
  })
  const [near] = (await once(server, 'connection')) as [Socket]
  far.on('error', () => {})
  ends.push(far, near)
  return [far, near]
}

async function textOf(socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) text += String(chunk)
  return text
}

/** The code of the error that the socket ends with. */
function resetOf(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    socket.resume().once('error', (error: NodeJS.ErrnoException) => resolve(error.code))
  })
}
