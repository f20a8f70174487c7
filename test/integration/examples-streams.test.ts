// The examples of what lasts or is large: WebSocket, server-sent events, limits of bodies.
import { once } from 'node:events'
import { get, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type Example, startExample } from '../support/example.ts'
import { send } from '../support/http-client.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'
import {
  closeCode,
  nextMessage,
  openWebSocket,
  refusedWebSocket,
  startWebSocketTarget,
} from '../support/web-socket.ts'

const MIB = 1024 * 1024

describe('web-socket.yaml', () => {
  const APP = 'https://app.example.com'
  let example: Example

  beforeEach(async () => {
    const targets = [(await startWebSocketTarget()).url, (await startWebSocketTarget()).url]
    example = await startExample('web-socket.yaml', { targets: () => targets })
  })

  it('carries what programs and pages of its own host say', async () => {
    for (const origin of [undefined, `http://127.0.0.1:${example.port()}`]) {
      const socket = await openWebSocket(`${example.url()}/rooms/1`, origin === undefined ? {} : { origin })
      const answer = nextMessage(socket)
      socket.send('hello')
      expect(await answer).toBe('hello')
    }
    expect(await refusedWebSocket(`${example.url()}/rooms/1`, { origin: APP })).toMatchObject({ status: 403 })
  })

  it('takes pages of the listed origin, and no message above 64 KiB', async () => {
    const stranger = refusedWebSocket(`${example.url()}/live/1`, { origin: 'https://evil.example' })
    expect(await stranger).toMatchObject({ status: 403 })
    const socket = await openWebSocket(`${example.url()}/live/1`, { origin: APP, perMessageDeflate: false })
    const answer = nextMessage(socket)
    socket.send('x'.repeat(64 * 1024))
    expect(await answer).toHaveLength(64 * 1024)
    socket.send('x'.repeat(64 * 1024 + 1))
    expect(await closeCode(socket)).toBe(1009)
  })

  it('has a route that takes none', async () => {
    expect((await refusedWebSocket(`${example.url()}/rooms/1/history`)).body).toContain('WEBSOCKET_FORBIDDEN')
  })

  it('closes what is open when it ends: a drain', async () => {
    const socket = await openWebSocket(`${example.url()}/rooms/1`)
    const closed = closeCode(socket)
    const stopped = example.stop()
    expect(await closed).toBe(1001)
    await stopped
  })
})

describe('server-sent-events.yaml', () => {
  it.each(['/prices/1', '/feed/1'])(
    'passes on each event of %s before the next one is said',
    async (path) => {
      const streams: ServerResponse[] = []
      const target = await startTarget((_request, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
        streams.push(response)
      })
      onTestFinished(target.close)
      const example = await startExample('server-sent-events.yaml', { targets: () => [target.url] })
      const reading = get(`${example.url()}${path}`, { headers: { 'last-event-id': '41' }, agent: false })
      const [response] = (await once(reading, 'response')) as [IncomingMessage]
      expect(target.seen[0]!.headers['last-event-id']).toBe('41')
      let text = ''
      response.on('data', (bytes: Buffer) => {
        text += bytes.toString()
      })
      let said = ''
      for (const event of ['id: 42\ndata: 7\n\n', ':\n', 'data: 8\n\n']) {
        streams[0]!.write(event)
        said += event
        await expect.poll(() => text).toBe(said)
      }
      const gone = once(streams[0]!, 'close')
      reading.destroy()
      await gone
    },
  )
})

describe('body-limit.yaml', () => {
  let example: Example
  let target: TargetServer

  beforeEach(async () => {
    target = await startTarget()
    onTestFinished(target.close)
    example = await startExample('body-limit.yaml', { targets: () => [target.url] })
  })

  const body = (bytes: number) => Buffer.alloc(bytes, 'x')
  const statusOf = async (method: string, path: string, bytes: number) =>
    (await send(`${example.url()}${path}`, { method, body: body(bytes) })).status

  it('takes a body of its limit, and more where the route says more', async () => {
    expect(await statusOf('POST', '/files/1', MIB)).toBe(200)
    expect(await statusOf('PUT', '/files/1', 3 * MIB)).toBe(200)
    expect(await statusOf('POST', '/files/1/scan', 0)).toBe(200)
    expect(target.seen.map((one) => one.body.length)).toEqual([MIB, 3 * MIB, 0])
  })

  it.each([
    ['/files/1', MIB + 1],
    ['/files/1/scan', 1],
  ])('refuses a declared body of %s that is a byte too long before it comes', async (path, length) => {
    const sent = request(`${example.url()}${path}`, {
      method: 'POST',
      headers: { 'content-length': length, expect: '100-continue' },
    })
    onTestFinished(() => void sent.destroy())
    sent.on('error', () => {})
    sent.flushHeaders()
    const [response] = (await once(sent, 'response')) as [IncomingMessage]
    expect(response.statusCode).toBe(413)
    expect(target.seen).toEqual([])
  })

  it('refuses one that nobody declared as soon as it is too long', async () => {
    const sent = request(`${example.url()}/files/1`, { method: 'POST' })
    onTestFinished(() => void sent.destroy())
    sent.on('error', () => {})
    const answer = once(sent, 'response') as Promise<[IncomingMessage]>
    // Without an end: it is not waited for.
    sent.write(body(MIB + 1))
    const [response] = await answer
    expect(response.statusCode).toBe(413)
    expect(target.seen).toEqual([])
  })
})
