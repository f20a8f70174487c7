// The demo's three services: plain HTTP servers that know nothing of the gateway in front of them.
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

const STALL_MS = 30_000
/** Request ids that the flaky backend remembers, to fail each only once. */
const MAX_REMEMBERED = 1000

const PRODUCTS = [
  { id: '1', name: 'Lantern', price: 25 },
  { id: '2', name: 'Rope, 20 m', price: 40 },
  { id: '7', name: 'Compass', price: 60 },
]

export type BackendName = 'orders' | 'catalog' | 'flaky'

export interface Backend {
  readonly name: BackendName
  readonly url: string
  close(): Promise<void>
}

const LISTENERS: Readonly<Record<BackendName, () => RequestListener>> = {
  orders: () => serveOrders,
  catalog: () => serveCatalog,
  flaky: createFlaky,
}

export const BACKEND_NAMES: readonly BackendName[] = ['orders', 'catalog', 'flaky']

/** Port 0 takes a free one. */
export async function startBackend(name: BackendName, host = '127.0.0.1', port = 0): Promise<Backend> {
  const server = createServer(LISTENERS[name]())
  await new Promise<void>((listening, reject) => {
    server.once('error', reject)
    server.listen(port, host, listening)
  })
  const { port: taken } = server.address() as AddressInfo
  return {
    name,
    url: `http://${host}:${taken}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed())
        server.closeAllConnections()
      }),
  }
}

function serveOrders(request: IncomingMessage, response: ServerResponse): void {
  const [, , id = 'all'] = pathOf(request).split('/')
  const consumer = request.headers['x-consumer-id'] ?? null
  answer(response, 200, { order: id, state: 'shipped', seenBy: 'orders', consumer })
}

function serveCatalog(request: IncomingMessage, response: ServerResponse): void {
  const [, , id] = pathOf(request).split('/')
  const found = id === undefined ? PRODUCTS : PRODUCTS.find((product) => product.id === id)
  if (found) answer(response, 200, found)
  else answer(response, 404, { error: `no product ${id}` })
}

function createFlaky(): RequestListener {
  const seen = new Set<string>()
  return (request, response) => {
    const path = pathOf(request)
    if (path === '/flaky/slow') stall(response)
    else if (path === '/flaky/sometimes') failOnce(seen, request, response)
    else answer(response, 500, { error: 'this one is broken for good' })
  }
}

function failOnce(seen: Set<string>, request: IncomingMessage, response: ServerResponse): void {
  const id = String(request.headers['x-request-id'])
  if (seen.delete(id)) {
    answer(response, 200, { attempt: 2, note: 'the first one was answered 503' })
    return
  }
  if (seen.size >= MAX_REMEMBERED) seen.clear()
  seen.add(id)
  answer(response, 503, { error: 'try again' })
}

function stall(response: ServerResponse): void {
  const timer = setTimeout(() => answer(response, 200, { note: 'at last' }), STALL_MS)
  response.once('close', () => clearTimeout(timer))
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(`${JSON.stringify(body)}\n`)
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '/').replace(/\?.*/s, '')
}
