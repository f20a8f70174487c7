// What nobody has read yet: every byte in its order, at the cost of its bytes, and the window is given back when read.
import { once } from 'node:events'
import { connect, createServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import { keepSmall } from '../../../../src/edge/http2/unread-bytes.ts'

const ends: (() => void)[] = []

afterEach(() => {
  for (const end of ends.splice(0)) end()
})

/** A stream on which a client has begun to send, and what sends. */
async function stream() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  ends.push(() => {
    session.destroy()
    server.close()
  })
  const client = session.request({ ':method': 'POST' }, { endStream: false })
  client.on('error', () => {})
  const [received] = (await once(server, 'stream')) as [ServerHttp2Stream]
  keepSmall(received)
  return { client, received }
}

/** Of all kinds of sizes, each byte told from its neighbours. */
function pieces(count: number): Buffer[] {
  const sizes = [1, 1, 5000, 3, 4096, 4095, 2, 4097, 1, 20_000, 7]
  let at = 0
  return Array.from({ length: count }, (_, index) => {
    const size = sizes[index % sizes.length]!
    return Buffer.from(Array.from({ length: size }, () => at++ % 251))
  })
}

async function sendAll(client: NodeJS.WritableStream, chunks: readonly Buffer[]): Promise<void> {
  for (const chunk of chunks) {
    client.write(chunk)
    await turn()
  }
}

describe('what was not read when it came', () => {
  it.each(['before anybody listens', 'while it is paused'])('is whole and in order: %s', async (when) => {
    const { client, received } = await stream()
    if (when !== 'before anybody listens') received.pause()
    const sent = pieces(11)
    await sendAll(client, sent)
    client.end()
    const chunks: Buffer[] = []
    received.on('data', (chunk: Buffer) => chunks.push(chunk))
    received.resume()
    await once(received, 'end')
    expect(Buffer.concat(chunks).equals(Buffer.concat(sent))).toBe(true)
  })

  it('goes on for many windows with a reader that pauses at every chunk', async () => {
    const { client, received } = await stream()
    const sent = pieces(440)
    const chunks: Buffer[] = []
    received.on('data', (chunk: Buffer) => {
      chunks.push(chunk)
      received.pause()
      setImmediate(() => received.resume())
    })
    const sending = sendAll(client, sent).then(() => client.end())
    await once(received, 'end')
    await sending
    expect(Buffer.concat(chunks).equals(Buffer.concat(sent))).toBe(true)
  })

  it('is handed over in few chunks', async () => {
    const { client, received } = await stream()
    received.pause()
    await sendAll(
      client,
      Array.from({ length: 2000 }, () => Buffer.from('x')),
    )
    client.end()
    await expect.poll(() => received.state.remoteClose).toBe(1)
    const sizes: number[] = []
    received.on('data', (chunk: Buffer) => sizes.push(chunk.length))
    received.resume()
    await once(received, 'end')
    expect(sizes.reduce((sum, size) => sum + size)).toBe(2000)
    expect(sizes.length).toBeLessThan(100)
  })
})
