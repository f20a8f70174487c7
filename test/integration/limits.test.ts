// What a client may cost: each limit reached on a real connection, while another client is served as ever.
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'

let target: TargetServer
let gateway: TestGateway
const sockets: Socket[] = []

beforeEach(async () => {
  target = await startTarget()
})

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await gateway.stop()
  await target.close()
})

async function start(limits: string): Promise<void> {
  gateway = await startTestGateway(`
limits: ${limits}
listeners: { h2: { protocol: h2c, address: "127.0.0.1:0" } }
services:
  api: { targets: ["${target.url}"], routes: { all: /* } }
`)
}

interface Client {
  readonly socket: Socket
  received(): string
}

async function dial(): Promise<Client> {
  const socket = connect(gateway.port, '127.0.0.1')
  sockets.push(socket)
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  socket.on('error', () => {})
  await once(socket, 'connect')
  return { socket, received: () => text }
}

/** More than anybody's buffers hold. Resolves when the service is let go. */
function answerAtLength(): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  target.answer = (_request, response) => {
    response.on('close', resolve)
    response.end(Buffer.alloc(64 * 1024 * 1024))
  }
  return promise
}

const closed = (client: Client) => expect.poll(() => client.socket.destroyed).toBe(true)

const GET = 'GET /x HTTP/1.1\r\nHost: gw.test\r\n'

async function answerTo(bytes: string): Promise<string> {
  const client = await dial()
  client.socket.write(bytes)
  await closed(client)
  return client.received()
}

describe('size', () => {
  it.each([
    ['headers: 20', `${GET}${'X-A: 1\r\n'.repeat(30)}\r\n`, 431],
    ['headerBytes: 2KiB', `${GET}X-A: ${'a'.repeat(3000)}\r\n\r\n`, 431],
    ['urlBytes: 300B', `GET /${'a'.repeat(400)} HTTP/1.1\r\nHost: gw.test\r\n\r\n`, 414],
  ])('%s', async (limits, bytes, status) => {
    await start(`{ ${limits} }`)
    expect(await answerTo(bytes)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect(target.seen).toEqual([])
    expect((await gateway.get('/x')).status).toBe(200)
  })
})

describe('time', () => {
  it('for a head: who does not end it gets 408', async () => {
    await start('{ headersTimeout: 300ms }')
    expect(await answerTo(GET)).toMatch(/^HTTP\/1\.1 408 /)
  })

  it('for a whole request: who sends nothing at all is closed', async () => {
    await start('{ headersTimeout: 300ms, requestTimeout: 300ms }')
    const client = await dial()
    await closed(client)
  })

  it('between two requests', async () => {
    await start('{ keepAliveTimeout: 300ms }')
    const client = await dial()
    client.socket.write(`${GET}\r\n`)
    await expect.poll(() => client.received()).toMatch(/ 200 /)
    await closed(client)
  })

  it('for a body: a byte now and then gets 408, and the service no whole request', async () => {
    await start('{ bodyRate: 1KB, bodyGrace: 500ms }')
    const client = await dial()
    client.socket.write(`POST /x HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 1000\r\n\r\n`)
    const dribble = setInterval(() => client.socket.write('x'), 100)
    client.socket.on('close', () => clearInterval(dribble))
    await expect.poll(() => client.received()).toMatch(/^HTTP\/1\.1 408 /)
    expect(client.received()).toContain('"code":"REQUEST_TIMEOUT"')
    expect(target.seen).toEqual([])
  })

  it('for an answer: who takes nothing of it is closed, and the service let go', async () => {
    const gone = answerAtLength()
    await start('{ writeTimeout: 300ms }')
    const client = await dial()
    client.socket.pause()
    client.socket.write(`${GET}\r\n`)
    await gone
    await expect.poll(() => gateway.metrics()).toContain('gateway_requests_in_flight 0')
  })

  it('for an answer: sending something meanwhile is not taking it', async () => {
    const gone = answerAtLength()
    await start('{ writeTimeout: 300ms }')
    const client = await dial()
    client.socket.pause()
    client.socket.write(`${GET}\r\n`)
    // Empty lines between requests are no request (RFC 9112 section 2.2), but they are bytes.
    const dribble = setInterval(() => client.socket.write('\r\n'), 100)
    await gone.finally(() => clearInterval(dribble))
    await expect.poll(() => gateway.metrics()).toContain('gateway_requests_in_flight 0')
  })

  it('for an answer over HTTP/2 as well', async () => {
    const gone = answerAtLength()
    await start('{ writeTimeout: 300ms }')
    const session = connectHttp2(gateway.gateway.addresses.listeners['h2']!)
    const stream = session.request({ ':path': '/x' })
    stream.on('error', () => {})
    await once(stream, 'response')
    await gone
    session.destroy()
  })

  it('without a stream of HTTP/2', async () => {
    await start('{ keepAliveTimeout: 300ms }')
    const session = connectHttp2(gateway.gateway.addresses.listeners['h2']!)
    const stream = session.request({ ':path': '/x' })
    stream.resume()
    await once(stream, 'end')
    await once(session, 'close')
  })
})

describe('number', () => {
  it('of connections of one client: one too many is closed, the others serve on', async () => {
    await start('{ connectionsPerClient: 2 }')
    const clients = [await dial(), await dial()]
    const late = await dial()
    await closed(late)
    for (const { socket } of clients) socket.write(`${GET}\r\n`)
    for (const client of clients) await expect.poll(() => client.received()).toMatch(/ 200 /)
    expect(await gateway.metrics()).toContain('gateway_connections_refused_total{limit="client"} 1')
  })

  it('of connections of all', async () => {
    await start('{ connections: 1 }')
    const first = await dial()
    await closed(await dial())
    first.socket.destroy()
    await expect
      .poll(async () =>
        gateway.get('/x').then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200)
  })

  it('of requests on one connection: the last answer says so', async () => {
    await start('{ requestsPerConnection: 2 }')
    const client = await dial()
    client.socket.write(`${GET}\r\n`)
    await expect.poll(() => client.received().match(/ 200 /g)?.length).toBe(1)
    expect(client.received()).not.toContain('Connection: close')
    client.socket.write(`${GET}\r\n`)
    await expect.poll(() => client.received().match(/ 200 /g)?.length).toBe(2)
    expect(client.received().toLowerCase()).toContain('connection: close')
    await closed(client)
  })

  it('of requests on one connection of HTTP/2: it is left with its last one', async () => {
    await start('{ requestsPerConnection: 2 }')
    const session = connectHttp2(gateway.gateway.addresses.listeners['h2']!)
    const streams = [session.request({ ':path': '/1' }), session.request({ ':path': '/2' })]
    for (const stream of streams) stream.resume()
    await Promise.all(streams.map((stream) => once(stream, 'end')))
    await once(session, 'close')
    expect(target.seen).toHaveLength(2)
  })
})
