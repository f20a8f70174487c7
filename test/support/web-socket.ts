// WebSocket services and clients for tests, on the `ws` package: what is left open ends with the test.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { type ClientOptions, type RawData, type ServerOptions, WebSocket, WebSocketServer } from 'ws'

export interface WebSocketTarget {
  readonly url: string
  readonly server: Server
  /** Handshakes so far. */
  readonly seen: IncomingMessage[]
  readonly clients: ReadonlySet<WebSocket>
}

/** Echoes every message until told otherwise. */
export async function startWebSocketTarget(
  options: ServerOptions = {},
  serve: (socket: WebSocket) => void = echo,
): Promise<WebSocketTarget> {
  const server = createServer((_request, response) => response.writeHead(426).end('speak WebSocket'))
  const sockets = new WebSocketServer({ noServer: true, ...options })
  const seen: IncomingMessage[] = []
  server.on('upgrade', (request, socket, head) => {
    seen.push(request)
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request))
  })
  sockets.on('connection', serve)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(async () => {
    for (const client of sockets.clients) client.terminate()
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, server, seen, clients: sockets.clients }
}

function echo(socket: WebSocket): void {
  socket.on('error', () => {})
  socket.on('message', (message, isBinary) => socket.send(message, { binary: isBinary }))
}

export interface Refusal {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** A client whose connection is open; rejects when it is refused. */
export async function openWebSocket(
  url: string,
  options: ClientOptions & { readonly protocols?: string[] } = {},
): Promise<WebSocket> {
  const socket = dial(url, options)
  await new Promise<void>((resolve, reject) => {
    socket.on('open', resolve)
    socket.on('error', reject)
  })
  return socket
}

/** What a client is told that may not open one. */
export function refusedWebSocket(url: string, options: ClientOptions = {}): Promise<Refusal> {
  const socket = dial(url, options)
  return new Promise((resolve, reject) => {
    socket.on('open', () => reject(new Error('it was opened')))
    socket.on('unexpected-response', (_request, response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        const body = Buffer.concat(chunks).toString('latin1')
        resolve({ status: response.statusCode!, headers: response.headers, body })
      })
    })
  })
}

/** The next message as text. */
export async function nextMessage(socket: WebSocket): Promise<string> {
  const [data] = (await once(socket, 'message')) as [RawData]
  return data.toString()
}

/** The code that the connection is closed with. */
export async function closeCode(socket: WebSocket): Promise<number> {
  const [code] = (await once(socket, 'close')) as [number]
  return code
}

function dial(url: string, options: ClientOptions & { readonly protocols?: string[] }): WebSocket {
  const socket = new WebSocket(url.replace(/^http/, 'ws'), options.protocols ?? [], options)
  socket.on('error', () => {})
  onTestFinished(() => socket.terminate())
  return socket
}
