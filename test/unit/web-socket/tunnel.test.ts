// Two connections as one: what goes through, what ends it, and that nothing stays behind.
import { type Duplex, duplexPair } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { Tunnel, type TunnelOptions } from '../../../src/web-socket/tunnel.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { frame } from './frames.ts'

const LIMITS = { idleMs: 60_000, lifetimeMs: 600_000, messageBytes: 1_000_000, untilExpiry: true }
const AGREED = { limits: LIMITS, extensions: 'none', authenticatedMs: Number.POSITIVE_INFINITY } as const
const CLOSE_1001 = Buffer.from([0x88, 2, 0x03, 0xe9])

interface End {
  readonly stream: Duplex
  received(): Buffer
}

function end(stream: Duplex): End {
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.on('error', () => {})
  return { stream, received: () => Buffer.concat(chunks) }
}

function join(options: Partial<TunnelOptions> = {}) {
  const clock = new FakeClock()
  const [client, ofClient] = duplexPair({ allowHalfOpen: true })
  const [target, ofTarget] = duplexPair({ allowHalfOpen: true })
  for (const side of [ofClient, ofTarget]) side.on('error', () => {})
  const tunnel = new Tunnel({ client: ofClient, target: ofTarget, clock, ...AGREED, ...options })
  let ended = false
  void tunnel.ended.then(() => {
    ended = true
  })
  return {
    clock,
    tunnel,
    client: end(client),
    target: end(target),
    sides: [ofClient, ofTarget],
    ended: () => ended,
    settle: () => clock.advance(0),
  }
}

describe('a tunnel', () => {
  it('carries bytes both ways and counts them', async () => {
    const { client, target, tunnel, settle } = join()
    const there = frame('from the client', { masked: true })
    const back = frame('back')
    client.stream.write(there)
    target.stream.write(back)
    await settle()
    expect(target.received()).toEqual(there)
    expect(client.received()).toEqual(back)
    expect([tunnel.received, tunnel.sent]).toEqual([there.length, back.length])
  })

  it('takes no more from one side than the other reads', async () => {
    const { client, target, tunnel, settle } = join()
    target.stream.pause()
    const message = frame(Buffer.alloc(100_000), { masked: true })
    let written = 0
    while (client.stream.writableLength < 10_000_000) {
      client.stream.write(message)
      written += message.length
      await settle()
      if (tunnel.received < written) break
    }
    expect(tunnel.received).toBeLessThan(1_000_000)
    for (let more = 0; more < 20; more++) client.stream.write(message)
    target.stream.resume()
    await expect.poll(() => target.received().length).toBe(written + 20 * message.length)
  })

  it('passes on that one side has ended, and lets the other go on', async () => {
    const { client, target, ended, clock, settle } = join()
    const lastWords = frame('last words', { masked: true })
    client.stream.end(lastWords)
    await settle()
    expect(target.received()).toEqual(lastWords)
    expect(target.stream.readableEnded).toBe(true)
    const stillHere = frame('still here')
    target.stream.write(stillHere)
    await settle()
    expect(client.received()).toEqual(stillHere)
    target.stream.end()
    await expect.poll(ended).toBe(true)
    expect(clock.timers).toBe(0)
  })

  it.each([0, 1])('that breaks on side %i ends on the other, and leaves no timer', async (broken) => {
    const { client, target, sides, ended, clock, settle } = join()
    sides[broken]!.destroy(new Error('reset'))
    await settle()
    const other = [target, client][broken]!
    expect(other.stream.readableEnded).toBe(true)
    other.stream.end()
    await expect.poll(ended).toBe(true)
    expect(clock.timers).toBe(0)
  })

  it('does not wait for ever for a side that does not notice', async () => {
    const { client, sides, ended, clock } = join()
    client.stream.pause()
    sides[1]!.destroy()
    await clock.advance(29_999)
    expect(ended()).toBe(false)
    await clock.advance(1)
    expect(ended()).toBe(true)
    expect(clock.timers).toBe(0)
  })

  it('lets a side end that was held back, when the other is gone', async () => {
    const { client, target, sides, ended, clock, settle } = join()
    client.stream.pause()
    for (let sent = 0; sent < 20; sent++) target.stream.write(frame(Buffer.alloc(100_000)))
    await settle()
    target.stream.end()
    sides[0]!.destroy()
    await expect.poll(ended).toBe(true)
    expect(clock.timers).toBe(0)
  })

  it('gives a side half a minute when the other has ended, and no more', async () => {
    const { client, target, ended, clock } = join()
    const lastWords = frame('last words')
    target.stream.end(lastWords)
    await clock.advance(29_999)
    expect(client.received()).toEqual(lastWords)
    expect(client.stream.readableEnded).toBe(true)
    expect(ended()).toBe(false)
    await clock.advance(1)
    expect(ended()).toBe(true)
    expect(clock.timers).toBe(0)
  })

  it('that lingers is ended sooner when it is told to go away', async () => {
    const { target, tunnel, ended, clock } = join()
    target.stream.end()
    await clock.advance(10_000)
    tunnel.goAway()
    await clock.advance(1000)
    expect(ended()).toBe(true)
  })

  it('is joined to one that has gone already, and ends', async () => {
    const clock = new FakeClock()
    const [, gone] = duplexPair()
    const [, alive] = duplexPair()
    gone.destroy()
    await clock.advance(0)
    const tunnel = new Tunnel({ client: gone, target: alive, clock, ...AGREED })
    await clock.advance(30_000)
    await tunnel.ended
    expect(alive.destroyed).toBe(true)
  })
})

describe('the end of a tunnel', () => {
  it('is a close frame for both, and over when both have answered', async () => {
    const { client, target, tunnel, ended, clock, settle } = join()
    tunnel.goAway()
    await settle()
    expect(client.received()).toEqual(CLOSE_1001)
    expect(target.received()).toHaveLength(8)
    expect(target.received()[1]).toBe(0x82)
    client.stream.end(frame('\x03\xe9', { opcode: 8, masked: true }))
    target.stream.end(frame('\x03\xe9', { opcode: 8 }))
    await expect.poll(ended).toBe(true)
    expect(clock.timers).toBe(0)
    // The answers are for the gateway, not for the other side.
    expect(client.received()).toEqual(CLOSE_1001)
    expect(target.received()).toHaveLength(8)
  })

  it('waits for the end of a frame under way, and passes nothing on behind it', async () => {
    const { client, target, tunnel, settle } = join()
    const long = frame('x'.repeat(1000))
    target.stream.write(long.subarray(0, 500))
    await settle()
    tunnel.goAway()
    await settle()
    expect(client.received()).toEqual(long.subarray(0, 500))
    target.stream.write(Buffer.concat([long.subarray(500), frame('too late')]))
    await settle()
    expect(client.received()).toEqual(Buffer.concat([long, CLOSE_1001]))
  })

  it('adds no second close to the one that is on its way', async () => {
    const { client, target, tunnel, settle } = join()
    const own = frame('\x0f\xa0', { opcode: 8 })
    target.stream.write(own)
    await settle()
    tunnel.goAway()
    await settle()
    expect(client.received()).toEqual(own)
  })

  it('comes after a second, whoever answers or not', async () => {
    const { client, target, tunnel, ended, clock } = join()
    client.stream.write(frame('half a frame', { masked: true }).subarray(0, 10))
    await clock.advance(0)
    tunnel.goAway()
    await clock.advance(999)
    expect(ended()).toBe(false)
    await clock.advance(1)
    expect(ended()).toBe(true)
    // Not even a close frame may stand in the middle of another one.
    expect(target.received()).toHaveLength(10)
    expect(clock.timers).toBe(0)
  })

  it('comes when nothing was said for the idle time', async () => {
    const { client, target, ended, clock } = join()
    for (let time = 0; time < 3; time++) {
      await clock.advance(LIMITS.idleMs - 1)
      client.stream.write(frame('ping', { opcode: 9, masked: true }))
      await clock.advance(0)
    }
    expect(target.received().length).toBeGreaterThan(0)
    expect(client.received()).toHaveLength(0)
    await clock.advance(LIMITS.idleMs)
    expect(client.received()).toEqual(CLOSE_1001)
    await clock.advance(1000)
    expect(ended()).toBe(true)
    expect(clock.timers).toBe(0)
  })

  it('comes with the end of its life, however much is said', async () => {
    const { client, target, ended, clock } = join()
    for (let time = 0; time < LIMITS.lifetimeMs; time += 30_000) {
      expect(client.received().subarray(-4)).not.toEqual(CLOSE_1001)
      target.stream.write(frame('news'))
      await clock.advance(30_000)
    }
    expect(client.received().subarray(-4)).toEqual(CLOSE_1001)
    await clock.advance(1000)
    expect(ended()).toBe(true)
  })
})

const closeOf = (code: number) => Buffer.from([0x88, 2, code >> 8, code & 0xff])

/** Of a masked close frame. */
const unmasked = (bytes: Buffer) => ((bytes[6]! ^ bytes[2]!) << 8) | (bytes[7]! ^ bytes[3]!)

describe('a frame that must not be passed on', () => {
  it.each([
    ['from the client, too big', 1009, frame(Buffer.alloc(1_000_001), { masked: true })],
    ['from the client, without a mask', 1002, frame('x')],
  ])('%s, ends both sides: what was before it arrives, nothing of it does', async (_name, code, bad) => {
    const { client, target, ended, clock, settle } = join()
    const good = frame('good', { masked: true })
    client.stream.write(Buffer.concat([good, bad]))
    await settle()
    expect(client.received()).toEqual(closeOf(code))
    expect(client.stream.readableEnded).toBe(true)
    expect(target.received().subarray(0, good.length)).toEqual(good)
    expect(target.received()).toHaveLength(good.length + 8)
    expect(unmasked(target.received().subarray(good.length))).toBe(code)
    await clock.advance(1000)
    expect(ended()).toBe(true)
    expect(clock.timers).toBe(0)
  })

  it('from the target is no different, and waits for the frame that the client has begun', async () => {
    const { client, target, ended, clock, settle } = join()
    const long = frame('x'.repeat(100), { masked: true })
    client.stream.write(long.subarray(0, 50))
    await settle()
    target.stream.write(frame('x', { opcode: 5 }))
    await settle()
    expect(client.received()).toEqual(closeOf(1002))
    expect(target.received()).toHaveLength(50)
    client.stream.write(Buffer.concat([long.subarray(50), frame('too late', { masked: true })]))
    await settle()
    expect(target.received()).toHaveLength(long.length + 8)
    expect(unmasked(target.received().subarray(long.length))).toBe(1002)
    await clock.advance(1000)
    expect(ended()).toBe(true)
    expect(clock.timers).toBe(0)
  })

  it('leaves no timer when its sender never stops', async () => {
    const { client, target, ended, clock } = join()
    const flood = Buffer.alloc(10_000, 0xff)
    for (let sent = 0; sent < 100; sent++) client.stream.write(flood)
    await clock.advance(1000)
    expect(target.received()).toHaveLength(8)
    expect(ended()).toBe(true)
    expect(clock.timers).toBe(0)
  })
})

describe('the end of a token', () => {
  it('ends the connection by 1008, before its life is over', async () => {
    const { client, target, clock } = join({ authenticatedMs: 30_000 })
    await clock.advance(29_999)
    expect(client.received()).toHaveLength(0)
    await clock.advance(1)
    expect(client.received()).toEqual(closeOf(1008))
    expect(unmasked(target.received())).toBe(1008)
  })

  it('that comes later than the end of its life changes nothing', async () => {
    const { client, target, clock } = join({ authenticatedMs: LIMITS.lifetimeMs + 1 })
    for (let time = 0; time < LIMITS.lifetimeMs; time += 30_000) {
      target.stream.write(frame('news'))
      await clock.advance(30_000)
    }
    expect(client.received().subarray(-4)).toEqual(CLOSE_1001)
  })
})

describe('the cause that is told', () => {
  type Joined = ReturnType<typeof join>
  const closing = (masked: boolean) => frame('\x03\xe8', { opcode: 8, masked })

  it.each<[string | undefined, string, (joined: Joined) => unknown]>([
    [undefined, 'the client has closed it', ({ client }) => client.stream.end(closing(true))],
    [undefined, 'the service has closed it', ({ target }) => target.stream.end(closing(false))],
    ['CLIENT_RESET', 'the client was gone without a word', ({ client }) => client.stream.end()],
    ['CLIENT_RESET', 'the client broke it off', ({ sides }) => sides[0]!.destroy(new Error('reset'))],
    ['TARGET_RESET', 'the service was gone without a word', ({ target }) => target.stream.end()],
    ['TARGET_RESET', 'the service broke it off', ({ sides }) => sides[1]!.destroy(new Error('reset'))],
    ['DRAINED', 'it had to go away', ({ tunnel }) => tunnel.goAway()],
    ['IDLE_TIMEOUT', 'nobody said anything', ({ clock }) => clock.advance(LIMITS.idleMs)],
    ['FRAME_INVALID', 'a frame may not be', ({ target }) => target.stream.write(frame('x', { opcode: 5 }))],
    [
      'MESSAGE_TOO_BIG',
      'a message was too big',
      ({ target }) => target.stream.write(frame(Buffer.alloc(LIMITS.messageBytes + 1))),
    ],
  ])('is %s when %s', async (cause, _why, act) => {
    const joined = join()
    await act(joined)
    await joined.clock.advance(30_000)
    await expect.poll(joined.ended).toBe(true)
    expect(joined.tunnel.cause).toBe(cause)
  })

  it.each([
    ['TOKEN_EXPIRED', { authenticatedMs: 1000 }],
    ['LIFETIME_REACHED', { limits: { ...LIMITS, lifetimeMs: 1000 } }],
  ])('is %s when the time is up', async (cause, options) => {
    const { tunnel, clock } = join(options)
    await clock.advance(2000)
    expect(tunnel.cause).toBe(cause)
  })

  it('is the first one, whatever the other side makes of it', async () => {
    const { target, tunnel, sides, clock } = join()
    target.stream.write(frame('\x03\xe8', { opcode: 8 }))
    await clock.advance(0)
    sides[0]!.destroy(new Error('reset'))
    tunnel.goAway()
    await clock.advance(30_000)
    expect(tunnel.cause).toBeUndefined()
  })

  it('of a client that is just gone is known before its connection has told', () => {
    expect(join().tunnel.cause).toBe('CLIENT_RESET')
  })
})
