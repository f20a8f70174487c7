// WebSocket on a stream of HTTP/2 (RFC 8441): the same way, the same refusals, the same end.
import { once } from 'node:events'
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  createServer,
  type IncomingHttpHeaders,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { refusedWebSocket, startWebSocketTarget, type WebSocketTarget } from '../support/web-socket.ts'
import { frame } from '../unit/web-socket/frames.ts'

const config = (target: string) => `
listeners: { clear: { address: 127.0.0.1:0, protocol: h2c } }
drain: { delay: 0s, timeout: 0s }
services:
  chat:
    targets: [${target}]
    routes:
      talk: { match: GET /talk, webSocket: true }
      plain: /plain
`

let gateway: TestGateway | undefined

let session: ClientHttp2Session

afterEach(async () => {
  // First: an open stream would be waited for.
  session.destroy()
  await gateway?.stop()
  gateway = undefined
})

async function start(options: Parameters<typeof startWebSocketTarget>[0] = {}) {
  const target = await startWebSocketTarget(options)
  const running = await startTestGateway(config(target.url))
  gateway = running
  session = connect(running.gateway.addresses.listeners['clear']!)
  session.on('error', () => {})
  const [settings] = await once(session, 'remoteSettings')
  return { target, running, settings }
}

const ASK = {
  ':method': 'CONNECT',
  ':protocol': 'websocket',
  ':scheme': 'http',
  ':path': '/talk',
  'sec-websocket-version': '13',
}

interface Asked {
  readonly stream: ClientHttp2Stream
  readonly headers: IncomingHttpHeaders
  received(): string
}

async function ask(head: Record<string, string | undefined> = {}): Promise<Asked> {
  const fields = Object.entries({ ...ASK, ...head }).filter(([, value]) => value !== undefined)
  const stream = session.request(Object.fromEntries(fields) as Record<string, string>, { endStream: false })
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  stream.on('error', () => {})
  const [headers] = (await once(stream, 'response')) as [IncomingHttpHeaders]
  return { stream, headers, received: () => Buffer.concat(chunks).toString('latin1') }
}

async function oneClient(target: WebSocketTarget) {
  await expect.poll(() => target.clients.size).toBe(1)
  return [...target.clients][0]!
}

describe('a WebSocket on a stream', () => {
  it('is offered, opened by 200 and carries bytes both ways beside other requests', async () => {
    const { target, settings } = await start({ handleProtocols: () => 'v1' })
    expect(settings.enableConnectProtocol).toBe(true)
    const { stream, headers, received } = await ask({
      'sec-websocket-protocol': 'v1, v2',
      'sec-websocket-key': 'of no meaning here',
    })
    expect(headers).toMatchObject({ ':status': 200, 'sec-websocket-protocol': 'v1' })
    expect(headers).not.toHaveProperty('sec-websocket-accept')
    expect(target.seen[0]!.headers['sec-websocket-key']).toMatch(/^[A-Za-z0-9+/]{22}==$/)
    stream.write(frame('hello', { opcode: 1, masked: true }))
    await expect.poll(received).toBe(frame('hello', { opcode: 1 }).toString('latin1'))
    const large = 'x'.repeat(3_000_000)
    stream.write(frame(large, { opcode: 1, masked: true }))
    await expect.poll(() => received().length, { timeout: 20_000 }).toBe(7 + 10 + large.length)
    const beside = session.request({ ':path': '/plain' })
    const [answer] = await once(beside, 'response')
    expect(answer[':status']).toBe(426)
    beside.close()
  })

  it('ends with its close frame, and the session lives on', async () => {
    const { target, running } = await start()
    const { stream } = await ask()
    await oneClient(target)
    stream.end(frame('\x03\xe8', { opcode: 8, masked: true }))
    await once(stream, 'close')
    await expect.poll(() => target.clients.size).toBe(0)
    await expect.poll(() => running.log.find(({ path }) => path === '/talk')).toMatchObject({ status: 101 })
    expect((await ask()).headers[':status']).toBe(200)
  })

  it('that is reset is gone at the service, and another way round', async () => {
    const { target } = await start()
    const { stream } = await ask()
    const client = await oneClient(target)
    const closed = once(client, 'close')
    stream.close()
    await closed
    await expect.poll(() => target.clients.size).toBe(0)
    const again = await ask()
    const other = await oneClient(target)
    const ended = once(again.stream, 'end')
    other.terminate()
    await ended
  })

  it('is closed by 1001 when the gateway stops', async () => {
    const { running } = await start()
    const { received } = await ask()
    const stopping = running.stop()
    await expect.poll(received).toBe('\x88\x02\x03\xe9')
    await stopping
    gateway = undefined
  })
})

it('a target that speaks nothing but HTTP/2 cannot be asked for one, and the log says why', async () => {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(request.url)
    response.end('plain')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const running = await startTestGateway(
    config(`"h2c://127.0.0.1:${(server.address() as AddressInfo).port}"`),
  )
  gateway = running
  session = connect(running.gateway.addresses.listeners['clear']!)
  const { status, body } = await refusedWebSocket(`${running.url}/talk`)
  expect([status, JSON.parse(body).code]).toEqual([500, 'INTERNAL_ERROR'])
  expect((await running.get('/plain')).status).toBe(200)
  expect(requests).toEqual(['/plain'])
  await expect.poll(() => JSON.stringify(running.log)).toContain('cannot be asked for a WebSocket')
})

describe('on a stream is refused', () => {
  it.each([
    ['where no route takes it', { ':path': '/plain' }, 403],
    ['where no route is', { ':path': '/nowhere' }, 404],
    ['a page of another origin', { origin: 'https://evil.test' }, 403],
    ['another version', { 'sec-websocket-version': '8' }, 426],
    ['another protocol', { ':protocol': 'connect-udp' }, 501],
    ['a length', { 'content-length': '5' }, 400],
  ])('%s', async (_name, head, status) => {
    const { target } = await start()
    const { headers, stream } = await ask(head)
    expect(headers[':status']).toBe(status)
    await once(stream, 'close')
    expect(target.seen).toEqual([])
    expect((await ask()).headers[':status']).toBe(200)
  })
})
