// SIGTERM in the middle of everything: what can end within the grace ends as if nothing had happened.
import { once } from 'node:events'
import { Agent, createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type ClientDuplexStream, credentials } from '@grpc/grpc-js'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { EchoClient, type EchoServer, startEchoServer, type Text } from '../support/echo-service.ts'
import { send } from '../support/http-client.ts'
import { type ProcessGateway, startProcessGateway } from '../support/process-gateway.ts'
import { closeCode, nextMessage, openWebSocket, startWebSocketTarget } from '../support/web-socket.ts'

let service: Server
let grpc: EchoServer
let gateway: ProcessGateway
/** Answers that the service holds back, by path. */
let held: Map<string, ServerResponse[]>

beforeEach(async () => {
  held = new Map()
  service = createServer((request, response) => {
    if (request.url === '/quick') response.end('quick')
    else held.set(request.url!, [...(held.get(request.url!) ?? []), response])
    if (request.url !== '/events') return
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
  }).listen(0, '127.0.0.1')
  await once(service, 'listening')
  grpc = await startEchoServer()
})

afterEach(() => {
  gateway.child.kill('SIGKILL')
  service.closeAllConnections()
  service.close()
  grpc.close()
})

const many = <T>(count: number, make: () => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, make))

const holding = (path: string, count: number) => expect.poll(() => held.get(path)?.length ?? 0).toBe(count)

async function start(webSockets: string): Promise<void> {
  gateway = await startProcessGateway(`
accessLog: false
drain: { delay: 1s, timeout: 60s }
listeners: { h2: { protocol: h2c, address: "127.0.0.1:0" } }
services:
  plain:
    targets: ["http://127.0.0.1:${(service.address() as AddressInfo).port}"]
    connections: { max: 500 }
    routes: { all: /* }
  sockets:
    targets: ["${webSockets}"]
    routes: { all: { match: /sockets/*, webSocket: true } }
  grpc:
    targets: ["h2c://127.0.0.1:${grpc.port}"]
    routes: { all: POST /test.Echo/* }
`)
}

async function listen(): Promise<{ readonly text: Promise<string> }> {
  const [response] = (await once(get(`${gateway.listen}/events`, { agent: false }), 'response')) as [
    IncomingMessage,
  ]
  return { text: response.toArray().then((chunks) => Buffer.concat(chunks).toString()) }
}

interface Chat {
  readonly stream: ClientDuplexStream<Text, Text>
  readonly echoes: string[]
  readonly status: Promise<number>
}

describe('SIGTERM', () => {
  it('loses none of 100 slow requests, 200 idle connections, 50 WebSockets, 20 event streams and 20 calls of gRPC', async () => {
    const webSockets = await startWebSocketTarget()
    await start(webSockets.url)
    const slow = many(100, () => send(`${gateway.listen}/slow`))
    await holding('/slow', 100)
    const agents = Array.from({ length: 200 }, () => new Agent({ keepAlive: true, maxSockets: 1 }))
    const quick = (agent: Agent) => send(`${gateway.listen}/quick`, { agent })
    await Promise.all(agents.map(quick))
    const sockets = await many(50, () => openWebSocket(`${gateway.listen}/sockets/x`))
    const events = await many(20, listen)
    const client = new EchoClient(new URL(gateway.listeners['h2']!).host, credentials.createInsecure())
    const chats = await many(20, () => startChat(client))

    const exit = gateway.stop()
    await expect.poll(async () => (await send(`${gateway.status}/readyz`)).status).toBe(503)
    for (const answer of await Promise.all(agents.map(quick)))
      expect(answer).toMatchObject({ status: 200, body: 'quick', headers: { connection: 'close' } })
    for (const socket of sockets) {
      const echoed = nextMessage(socket)
      socket.send('still here')
      expect(await echoed).toBe('still here')
    }
    const codes = sockets.map(closeCode)
    for (const socket of sockets) socket.close(1000)
    expect(new Set(await Promise.all(codes))).toEqual(new Set([1000]))
    for (const stream of held.get('/events')!) stream.end('data: last\n\n')
    for (const { text } of events) expect(await text).toBe('data: last\n\n')
    for (const { stream } of chats) stream.end({ value: 'last' })
    expect(await Promise.all(chats.map(({ status }) => status))).toEqual(chats.map(() => 0))
    for (const { echoes } of chats) expect(echoes).toEqual(['first', 'last'])
    for (const response of held.get('/slow')!) response.end('slow')
    for (const answer of await slow) expect(answer).toMatchObject({ status: 200, body: 'slow' })
    expect(await exit).toBe(0)
    client.close()
    for (const agent of agents) agent.destroy()
  })
})

/** A call of gRPC whose first message has come back. */
async function startChat(client: InstanceType<typeof EchoClient>): Promise<Chat> {
  const stream: ClientDuplexStream<Text, Text> = client['Chat']!()
  const echoes: string[] = []
  stream.on('data', ({ value }: Text) => echoes.push(value))
  stream.on('error', () => {})
  const status = once(stream, 'status').then(([{ code }]) => code as number)
  stream.write({ value: 'first' })
  await expect.poll(() => echoes).toEqual(['first'])
  return { stream, echoes, status }
}
