// Real HTTP services for tests: scriptable answers, a record of what arrived, and servers of raw bytes.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from 'node:net'

export interface SeenRequest {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly rawHeaders: readonly string[]
  readonly body: string
}

export type Answer = (request: SeenRequest, response: ServerResponse, raw: IncomingMessage) => void

export interface TargetServer {
  readonly url: string
  readonly port: number
  /** Requests whose body has arrived, oldest first. */
  readonly seen: SeenRequest[]
  /** Connections accepted so far. */
  connections(): number
  answer: Answer
  close(): Promise<void>
}

/** Answers `{"path": ...}` with 200 until told otherwise. */
export async function startTarget(answer: Answer = echoPath, port = 0): Promise<TargetServer> {
  const seen: SeenRequest[] = []
  let connections = 0
  const server = createServer((request, response) => void respond(request, response))
  server.on('connection', () => connections++)
  async function respond(request: IncomingMessage, response: ServerResponse) {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch {
      return
    }
    const one = {
      method: request.method!,
      url: request.url!,
      headers: request.headers,
      rawHeaders: request.rawHeaders,
      body: Buffer.concat(chunks).toString('latin1'),
    }
    seen.push(one)
    target.answer(one, response, request)
  }
  const target: TargetServer = {
    url: '',
    port: 0,
    seen,
    connections: () => connections,
    answer,
    close: () => closeServer(server),
  }
  const listening = await listen(server, port)
  return Object.assign(target, { port: listening, url: `http://127.0.0.1:${listening}` })
}

function echoPath(request: SeenRequest, response: ServerResponse): void {
  respondJson(response, 200, { path: request.url })
}

export function respondJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

/** Hands each connection to `serve`; for answers that no HTTP server would send. */
export async function startRawTarget(serve: (socket: Socket) => void) {
  const sockets = new Set<Socket>()
  const server: TcpServer = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => sockets.delete(socket))
    serve(socket)
  })
  const port = await listen(server, 0)
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    sockets,
    close: () => {
      for (const socket of sockets) socket.destroy()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

function listen(server: Server | TcpServer, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // As a target that is meant for so many: with Node's 511 the kernel drops who comes while this process is busy.
    server.listen({ port, host: '127.0.0.1', backlog: 4096 }, () =>
      resolve((server.address() as AddressInfo).port),
    )
  })
}

function closeServer(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}
