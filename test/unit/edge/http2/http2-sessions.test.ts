// Sessions of HTTP/2 that ask for nothing: they end, and nothing is left of them.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../support/fake-clock.ts'
import { FrameClient } from '../../../support/http2-frame-client.ts'
import { FLAG, frame, headerBlock, headers, PREFACE, settings, TYPE } from '../../../support/http2-frames.ts'
import { startFront } from '../fronts.ts'
import { LIMITS } from '../test-limits.ts'
import { eventually, RawClient } from '../wire.ts'

const HEAD = [':method', 'GET', ':scheme', 'http', ':path', '/x', ':authority', 'gw.test']

async function start() {
  const clock = new FakeClock()
  const { front, port } = await startFront(
    (_request, response) => {
      response.writeHead(200, undefined, [])
      response.end('ok', 'latin1')
    },
    { protocol: 'h2c' },
    { clock },
  )
  return { clock, front, port }
}

describe('a connection', () => {
  it.each([
    ['says nothing', ''],
    ['says half a preface', 'PRI * HTT'],
  ])('that %s is closed when the time for a head is over', async (_name, bytes) => {
    const { clock, front, port } = await start()
    const client = await RawClient.connect(port)
    client.write(bytes)
    await eventually(() => front.connections() === 1)
    await clock.advance(LIMITS.headersTimeoutMs)
    await eventually(() => front.connections() === 0)
    expect(clock.timers).toBe(0)
  })
})

describe('a session', () => {
  it.each([
    ['asks for nothing', Buffer.alloc(0)],
    ['begins a head and never ends it', frame(TYPE.headers, FLAG.endStream, 1, headerBlock(HEAD))],
  ])('that %s is closed when the time for a head is over', async (_name, bytes) => {
    const { clock, front, port } = await start()
    const client = await FrameClient.connect(port)
    // Theirs and the word that ours have arrived: nothing else may come into the middle of a head.
    await eventually(() => client.of(TYPE.settings).length === 2)
    client.send(bytes)
    await clock.advance(LIMITS.headersTimeoutMs - 1)
    expect(client.goaway).toBeUndefined()
    await clock.advance(1500)
    await eventually(() => client.closed)
    expect(client.goaway).toBe(0)
    client.close()
    await eventually(() => front.connections() === 0)
  })

  it('that was served may idle for longer', async () => {
    const { clock, port } = await start()
    const client = await FrameClient.connect(port)
    client.send(frame(TYPE.headers, FLAG.endStream | FLAG.endHeaders, 1, headerBlock(HEAD)))
    await eventually(() => client.ended(1))
    await clock.advance(LIMITS.keepAliveTimeoutMs - 1500)
    expect(client.goaway).toBeUndefined()
    await clock.advance(3000)
    await eventually(() => client.closed)
    expect(client.goaway).toBe(0)
    client.close()
  })
})

describe('a client that never closes its side', () => {
  it.each([
    ['asks for nothing', LIMITS.headersTimeoutMs, Buffer.alloc(0)],
    ['was served', LIMITS.keepAliveTimeoutMs, headers(1, HEAD, FLAG.endStream | FLAG.endHeaders)],
  ])('and %s is cut soon after it was told to go', async (_name, patienceMs, request) => {
    const { clock, front, port } = await start()
    const client = await RawClient.connect(port)
    client.write(Buffer.concat([PREFACE, settings(), request]))
    await eventually(() => client.received.includes('ok') || request.length === 0)
    await eventually(() => client.received.length > 0)
    await clock.advance(patienceMs + 500)
    await client.ended()
    expect(client.socket.readableEnded).toBe(true)
    expect(front.connections()).toBe(1)
    await clock.advance(2500)
    await eventually(() => front.connections() === 0)
    expect(clock.timers).toBe(0)
  })
})

describe('sessions that end in the middle of heads, bodies and answers', () => {
  // At random moments of the collector too: node has ended processes there (CVE-2024-27983).
  it.each([[[]], [['--gc-interval=500']]])('never end the process (%j)', (flags) => {
    const script = fileURLToPath(new URL('collected-sessions.ts', import.meta.url))
    const args = [
      '--conditions=turnpike-source',
      '--expose-gc',
      ...flags,
      script,
      flags.length > 0 ? '3' : '10',
    ]
    const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    expect(stderr).not.toContain('Assertion failed')
    expect(stdout).toBe('alive')
  })
})
