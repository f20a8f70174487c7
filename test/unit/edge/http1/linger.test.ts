// Connections behind their last answer: kept while an upload goes on, and never for ever.
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../support/fake-clock.ts'
import { LIMITS } from '../test-limits.ts'
import { eventually, RawClient, speakHttp1 } from '../wire.ts'

const SECOND = 1000
const ENOUGH = 2 * LIMITS.bodyRate

/** A client whose upload has been answered, and is going on. */
async function answered(begin: string) {
  const clock = new FakeClock()
  const { port, sockets, served } = await speakHttp1({ clock })
  const client = await RawClient.connect(port)
  client.write(begin)
  await eventually(() => served.length === 1 || client.received !== '')
  served[0]?.response.writeHead(413, 'Too Large', ['Content-Length', '2', 'Connection', 'close'])
  served[0]?.response.end('no', 'latin1')
  await client.ended()
  const socket = sockets[0]!
  return {
    clock,
    client,
    socket,
    /** So many bytes, and then a time in which nothing comes. */
    async send(bytes: number, ms: number) {
      const due = socket.bytesRead + bytes
      client.write(Buffer.alloc(bytes))
      await eventually(() => socket.bytesRead === due)
      await clock.advance(ms)
    },
  }
}

describe.each([
  ['an answer', 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n'],
  ['a refusal of what is no request', 'nonsense\r\n\r\n'],
])('behind %s', (_what, begin) => {
  it('a client that goes on uploading is waited for, for half a minute', async () => {
    const { clock, socket, send } = await answered(begin)
    for (let seconds = 0; seconds < 28; seconds++) await send(ENOUGH, SECOND)
    expect(socket.destroyed).toBe(false)
    for (let seconds = 0; seconds < 4 && !socket.destroyed; seconds++) await send(ENOUGH, SECOND)
    await clock.advance(0)
    expect(socket.destroyed).toBe(true)
  })

  it('one that falls silent is waited for two seconds from then on', async () => {
    const { clock, socket, send } = await answered(begin)
    for (let seconds = 0; seconds < 10; seconds++) await send(ENOUGH, SECOND)
    await clock.advance(SECOND)
    expect(socket.destroyed).toBe(false)
    await clock.advance(2 * SECOND)
    expect(socket.destroyed).toBe(true)
  })

  it('one that dribbles is waited for no longer than a silent one', async () => {
    const { socket, send } = await answered(begin)
    for (let seconds = 0; seconds < 4 && !socket.destroyed; seconds++) await send(LIMITS.bodyRate / 2, SECOND)
    expect(socket.destroyed).toBe(true)
  })
})
