// WebSocket through the gateway: refused before any 101, then bytes both ways, and an end that is polite.
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { send } from '../support/http-client.ts'
import { startRawTarget } from '../support/target-server.ts'
import {
  closeCode,
  nextMessage,
  openWebSocket,
  refusedWebSocket,
  startWebSocketTarget,
} from '../support/web-socket.ts'
import { issueCertificate } from '../unit/upstream/certificates.ts'

let gateway: TestGateway | undefined

afterEach(async () => {
  await gateway?.stop()
  gateway = undefined
})

const config = (target: string, plugins = 'webSocket: true') => `
drain: { delay: 0s, timeout: 0s }
limits: { connectionsPerClient: 2000 }
services:
  chat:
    targets: [${target}]
    routes:
      talk: { match: /talk/*, ${plugins} }
      plain: /plain
`

async function start(text: string, env: Record<string, string> = {}): Promise<TestGateway> {
  gateway = await startTestGateway(text, { env })
  return gateway
}

const HANDSHAKE =
  'Host: gw.test\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\n'
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
const ACCEPT = 'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n'
const SWITCHING = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n${ACCEPT}\r\n`

/** A connection of raw bytes; `received` grows until it is closed. */
async function dialRaw(port: number): Promise<{ socket: Socket; received(): string }> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return { socket, received: () => Buffer.concat(chunks).toString('latin1') }
}

async function openTunnels(running: TestGateway): Promise<number> {
  return Number(/^gateway_web_socket_open\{scope="chat.talk"\} (\d+)/m.exec(await running.metrics())?.[1])
}

describe('a WebSocket', () => {
  it('carries text, binary, fragments and 1 MB, compressed as both ends agree', async () => {
    const target = await startWebSocketTarget({ perMessageDeflate: true })
    const { url } = await start(config(target.url))
    const socket = await openWebSocket(`${url}/talk/1`)
    expect(socket.extensions).toContain('permessage-deflate')
    for (const message of ['hello', 'x'.repeat(1_000_000), '', 'grüße']) {
      const answer = nextMessage(socket)
      socket.send(message)
      expect(await answer).toBe(message)
    }
    const large = randomBytes(1_000_000)
    const back = once(socket, 'message')
    socket.send(large)
    const [data, isBinary] = await back
    expect(isBinary).toBe(true)
    expect(large.equals(data as Buffer)).toBe(true)
    const whole = nextMessage(socket)
    for (const part of ['fragment', 'ed ', 'message']) socket.send(part, { fin: part === 'message' })
    expect(await whole).toBe('fragmented message')
  })

  it('goes on under the subprotocol that the service has chosen, with the close code that it gives', async () => {
    const target = await startWebSocketTarget(
      { handleProtocols: (offered) => [...offered].at(-1)! },
      (client) => client.on('message', () => client.close(4001, 'enough')),
    )
    const { url } = await start(config(target.url))
    const socket = await openWebSocket(`${url}/talk/1`, { protocols: ['v1.chat', 'v2.chat'] })
    expect(socket.protocol).toBe('v2.chat')
    socket.send('x')
    expect(await closeCode(socket)).toBe(4001)
  })

  it('shows the service what every request shows it, and the path and query as sent', async () => {
    const target = await startWebSocketTarget()
    const { url } = await start(
      config(target.url, 'webSocket: true, headers: { request: { set: { X-Team: a } } }'),
    )
    const socket = await openWebSocket(`${url}/talk/a%20b?token=1&x`, {
      headers: { Cookie: 'sid=1', Authorization: 'Bearer x', 'X-User-Id': 'root' },
    })
    expect(target.seen[0]!.url).toBe('/talk/a%20b?token=1&x')
    expect(target.seen[0]!.headers).toMatchObject({
      cookie: 'sid=1',
      authorization: 'Bearer x',
      'x-team': 'a',
      'x-forwarded-for': '127.0.0.1',
      connection: 'upgrade',
      upgrade: 'websocket',
    })
    expect(target.seen[0]!.headers).not.toHaveProperty('x-user-id')
    socket.close()
  })

  it('is one line in the log, with its bytes, and one that is open in the metrics', async () => {
    const target = await startWebSocketTarget()
    const running = await start(config(target.url))
    const socket = await openWebSocket(`${running.url}/talk/1`)
    expect(await openTunnels(running)).toBe(1)
    expect(await running.metrics()).toMatch(
      /http_server_request_duration_seconds_count\{[^}]*http_response_status_code="101"[^}]*\} 1/,
    )
    const answer = nextMessage(socket)
    socket.send('12345')
    await answer
    socket.close(1000)
    await closeCode(socket)
    await expect.poll(() => openTunnels(running)).toBe(0)
    const lines = running.log.filter(({ msg }) => msg === 'request')
    // Masked frames one way: 6 bytes around the message and 8 for the close, 2 and 4 the other way.
    expect(lines).toMatchObject([{ status: 101, route: 'chat.talk', bytesIn: 11 + 8, bytesOut: 7 + 4 }])
    expect(lines[0]).not.toHaveProperty('cause')
    expect(await running.metrics()).toContain(
      'gateway_web_socket_connections_total{route="chat.talk",service="chat",cause="OK"} 1',
    )
  })
})

describe('a WebSocket over TLS', () => {
  it('is opened and ended like any other', async () => {
    const target = await startWebSocketTarget()
    const { cert, key } = issueCertificate(['gw.test'])
    const secure =
      'listeners: { secure: { address: 127.0.0.1:0, tls: { certificates: { cert: c.pem, key: k.pem } } } }'
    gateway = await startTestGateway(`${secure}${config(target.url)}`, {
      files: { 'c.pem': cert, 'k.pem': key },
    })
    const url = gateway.gateway.addresses.listeners['secure']!
    const socket = await openWebSocket(`${url}/talk/1`, { rejectUnauthorized: false })
    const answer = nextMessage(socket)
    socket.send('x'.repeat(100_000))
    expect(await answer).toHaveLength(100_000)
    const closed = closeCode(socket)
    const stopping = gateway.stop()
    expect(await closed).toBe(1001)
    await stopping
    gateway = undefined
  })
})

describe('1,000 WebSockets', () => {
  it('echo what each of them says, in order, and leave nothing behind', async () => {
    const target = await startWebSocketTarget()
    const running = await start(config(target.url))
    const talks = Array.from({ length: 1000 }, async (_, number) => {
      const socket = await openWebSocket(`${running.url}/talk/${number}`, { perMessageDeflate: false })
      const heard: string[] = []
      const said = Array.from({ length: 100 }, (_unused, turn) => `${number}:${turn}:${'x'.repeat(turn)}`)
      const done = Promise.withResolvers<void>()
      socket.on('message', (message) => {
        if (heard.push(message.toString()) === said.length) done.resolve()
      })
      for (const message of said) socket.send(message)
      await done.promise
      expect(heard).toEqual(said)
      return socket
    })
    const sockets = await Promise.all(talks)
    expect(await openTunnels(running)).toBe(1000)
    // They are no requests in flight to the service: another request still finds a connection.
    expect((await running.get('/plain')).status).toBe(426)
    for (const socket of sockets) socket.close()
    await Promise.all(sockets.map(closeCode))
    await expect.poll(() => openTunnels(running), { timeout: 10_000 }).toBe(0)
    expect(target.clients.size).toBe(0)
  }, 120_000)
})

describe('before any 101', () => {
  const untouched = async () => {
    const target = await startWebSocketTarget()
    onTestFinished(() => expect(target.seen).toEqual([]))
    return target.url
  }

  it('a route that takes none says so', async () => {
    const { url } = await start(config(await untouched()))
    const refusal = await refusedWebSocket(`${url}/plain`)
    expect(refusal.status).toBe(403)
    expect(JSON.parse(refusal.body)).toMatchObject({ code: 'WEBSOCKET_FORBIDDEN' })
    expect(refusal.headers.connection).toBe('close')
  })

  it('no route is 404', async () => {
    const { url } = await start(config(await untouched()))
    expect((await refusedWebSocket(`${url}/nowhere`)).status).toBe(404)
  })

  it('no credentials are 401, and those who have some get in', async () => {
    const target = await startWebSocketTarget()
    const text = `
auth: { keys: { type: apiKey, header: X-Api-Key } }
consumers: { alice: { apiKey: "\${secret:KEY}" } }
${config(target.url, 'webSocket: true, auth: keys')}`.replace(
      'plain: /plain',
      'plain: { match: /plain, auth: none }',
    )
    const { url } = await start(text, { KEY: 'a-secret-key-of-alice' })
    const refusal = await refusedWebSocket(`${url}/talk/1`)
    expect(refusal.status).toBe(401)
    expect(refusal.headers['www-authenticate']).toBeDefined()
    expect(target.seen).toEqual([])
    await openWebSocket(`${url}/talk/1`, { headers: { 'X-Api-Key': 'a-secret-key-of-alice' } })
    expect(target.seen).toHaveLength(1)
  })

  it('a rate limit counts handshakes', async () => {
    const target = await startWebSocketTarget()
    const { url } = await start(config(target.url, 'webSocket: true, rateLimit: { limit: 1/min }'))
    await openWebSocket(`${url}/talk/1`)
    expect((await refusedWebSocket(`${url}/talk/1`)).status).toBe(429)
  })

  it('a page of another origin is 403, one of the same host and a program are let in', async () => {
    const target = await startWebSocketTarget()
    const { url } = await start(config(target.url))
    const refusal = await refusedWebSocket(`${url}/talk/1`, { origin: 'https://evil.test' })
    expect(refusal.status).toBe(403)
    expect(JSON.parse(refusal.body)).toMatchObject({ code: 'ORIGIN_FORBIDDEN' })
    expect(target.seen).toEqual([])
    await openWebSocket(`${url}/talk/1`, { origin: url })
    await openWebSocket(`${url}/talk/1`)
    expect(target.seen).toHaveLength(2)
  })

  it('a service that is down is 502, and its neighbour is tried before', async () => {
    const target = await startWebSocketTarget()
    const running = await start(config('http://127.0.0.1:9'))
    expect((await refusedWebSocket(`${running.url}/talk/1`)).status).toBe(502)
    const both = config(`http://127.0.0.1:9, ${target.url}`, 'webSocket: true, retry: { attempts: 2 }')
    expect(await running.reload(both)).toMatchObject({ result: 'applied' })
    for (let time = 0; time < 10; time++) await openWebSocket(`${running.url}/talk/1`)
    expect(target.seen).toHaveLength(10)
  })

  it('what the service refuses with is what the client gets', async () => {
    const target = await startWebSocketTarget()
    const refusing = await startRawTarget((socket) =>
      socket.once('data', () =>
        socket.write(
          'HTTP/1.1 403 Forbidden\r\nX-Why: full\r\nContent-Length: 300000\r\n\r\n'.concat(
            'n'.repeat(300_000),
          ),
        ),
      ),
    )
    onTestFinished(() => refusing.close())
    const { url } = await start(config(refusing.url))
    const refusal = await refusedWebSocket(`${url}/talk/1`)
    expect(refusal).toMatchObject({ status: 403, headers: { 'x-why': 'full' } })
    expect(refusal.body).toHaveLength(300_000)
    expect(target.seen).toEqual([])
  })

  it.each([
    ['another version', KEY, 'Sec-WebSocket-Version: 777\r\n', 426],
    ['no key', '', '', 400],
    ['a short key', 'Sec-WebSocket-Key: c2hvcnQ=\r\n', '', 400],
    ['two keys', KEY + KEY, '', 400],
    ['a body', `${KEY}Content-Length: 3\r\n`, '', 400],
    ['a chunked body', `${KEY}Transfer-Encoding: chunked\r\n`, '', 400],
    ['a second wish', `${KEY}Upgrade: h2c\r\n`, '', 400],
  ])('a handshake with %s is refused', async (_name, fields, version, status) => {
    const { port } = await start(config(await untouched()))
    const client = await dialRaw(port)
    const head = version ? HANDSHAKE.replace(/Sec-WebSocket-Version.*\r\n/, version) : HANDSHAKE
    client.socket.write(`GET /talk/1 HTTP/1.1\r\n${head}${fields}\r\nabc`)
    await once(client.socket, 'end')
    expect(client.received()).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    if (status === 426) expect(client.received()).toContain('Sec-WebSocket-Version: 13')
  })

  it('POST is refused, and HTTP/1.0 has no upgrade', async () => {
    const target = await startWebSocketTarget()
    const { port } = await start(config(target.url))
    const post = await dialRaw(port)
    post.socket.write(`POST /talk/1 HTTP/1.1\r\n${HANDSHAKE}${KEY}\r\n`)
    await once(post.socket, 'end')
    expect(post.received()).toMatch(/^HTTP\/1.1 400 /)
    const old = await dialRaw(port)
    old.socket.write(`GET /talk/1 HTTP/1.0\r\n${HANDSHAKE}${KEY}\r\n`)
    await expect.poll(old.received).toContain('speak WebSocket')
    expect(target.seen).toEqual([])
  })
})

describe('a service that only pretends to switch', () => {
  it.each([
    ['without a proof', SWITCHING.replace(ACCEPT, '')],
    ['with a wrong proof', SWITCHING.replace('s3pP', 'AAAA')],
    ['to another protocol', SWITCHING.replace('websocket', 'h2c')],
    ['with no word of it', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    [
      'with a subprotocol that nobody named',
      SWITCHING.replace('\r\n\r\n', '\r\nSec-WebSocket-Protocol: x\r\n\r\n'),
    ],
  ])('%s is 502, and nothing is left open', async (_name, answer) => {
    const seen: string[] = []
    const target = await startRawTarget((socket) =>
      socket.on('data', (chunk) => {
        if (seen.push(chunk.toString('latin1')) === 1) socket.write(answer)
      }),
    )
    onTestFinished(() => target.close())
    const running = await start(config(target.url))
    const client = await dialRaw(running.port)
    client.socket.write(`GET /talk/1 HTTP/1.1\r\n${HANDSHAKE}${KEY}\r\n`)
    client.socket.write('GET /admin HTTP/1.1\r\nHost: gw.test\r\n\r\n')
    await once(client.socket, 'end')
    expect(client.received()).toMatch(/^HTTP\/1.1 502 /)
    expect(seen.join('')).not.toContain('/admin')
    await expect.poll(() => target.sockets.size).toBe(0)
    expect(await openTunnels(running)).toBe(0)
  })

  it.each([200, 426])('by %d gets no tunnel: what the client sends on never arrives', async (status) => {
    const seen: string[] = []
    const target = await startRawTarget((socket) =>
      socket.on('data', (chunk) => {
        seen.push(chunk.toString('latin1'))
        socket.write(
          `HTTP/1.1 ${status} Odd\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 2\r\n\r\nok`,
        )
      }),
    )
    onTestFinished(() => target.close())
    const running = await start(config(target.url))
    const client = await dialRaw(running.port)
    client.socket.write(
      `GET /talk/1 HTTP/1.1\r\n${HANDSHAKE}${KEY}\r\nGET /admin HTTP/1.1\r\nHost: gw.test\r\n\r\n`,
    )
    await once(client.socket, 'end')
    expect(client.received()).toMatch(new RegExp(`^HTTP/1.1 ${status} [\\s\\S]*\r\n\r\nok$`))
    expect(client.received()).toMatch(/^Connection: close\r$/m)
    expect(client.received()).not.toMatch(/^Upgrade:/m)
    expect(seen).toHaveLength(1)
    expect((await send(`${running.url}/plain`)).status).toBe(status)
  })
})
