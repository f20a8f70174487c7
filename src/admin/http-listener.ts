// A small, bounded HTTP server for operators: few connections, short timeouts, small heads, no bodies.
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo, ListenOptions } from 'node:net'
import { parseListenAddress } from '../listen-address.ts'
import type { Logger } from '../plugin.ts'

const MAX_CONNECTIONS = 64
const MAX_HEAD_BYTES = 8192
const MAX_HEADERS = 64
const MAX_REQUESTS_PER_SOCKET = 1000
const REQUEST_TIMEOUT_MS = 10_000
/** Longer than the usual scrape interval of 15 s, so that a scraper keeps its connection. */
const KEEP_ALIVE_MS = 20_000
const CHECK_TIMEOUTS_EVERY_MS = 2000
/** A reader that takes nothing of its answer for so long is cut off. */
const SILENCE_MS = 30_000

interface ListeningAddress {
  readonly host: string
  readonly port: number
}

export interface HttpListener {
  listen(): Promise<ListeningAddress>
  close(): Promise<void>
}

export interface HttpListenerOptions {
  /** For messages: `status`, `admin`. */
  readonly name: string
  readonly address: string
  readonly logger: Logger
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>
}

/** Throws on a malformed address; what goes wrong later is an answer or a log line, never an exception. */
export function createHttpListener(options: HttpListenerOptions): HttpListener {
  const { name, address, logger } = options
  const { host, port } = parseListenAddress(address)
  const server = createServer(
    {
      maxHeaderSize: MAX_HEAD_BYTES,
      headersTimeout: REQUEST_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: CHECK_TIMEOUTS_EVERY_MS,
    },
    guarded(options),
  )
  server.maxConnections = MAX_CONNECTIONS
  server.maxHeadersCount = MAX_HEADERS
  server.maxRequestsPerSocket = MAX_REQUESTS_PER_SOCKET
  server.timeout = SILENCE_MS
  return {
    listen: async () => {
      await bind(server, { port, ...(host !== undefined && { host }) }, `the ${name} address ${address}`)
      server.on('error', (error) => logger.error({ error, listener: name }, 'the listener has a problem'))
      const bound = server.address() as AddressInfo
      return { host: bound.address, port: bound.port }
    },
    close: () => {
      const closed = Promise.withResolvers<void>()
      server.close(() => closed.resolve())
      server.closeAllConnections()
      return closed.promise
    },
  }
}

async function bind(server: Server, where: ListenOptions, what: string): Promise<void> {
  const started = Promise.withResolvers<void>()
  const refuse = (cause: Error) =>
    started.reject(new Error(`cannot listen on ${what}: ${cause.message}`, { cause }))
  server.once('error', refuse)
  server.listen(where, started.resolve)
  await started.promise
  server.off('error', refuse)
}

/** A handler that fails answers 500 and a log line. */
function guarded({ name, logger, handle }: HttpListenerOptions): RequestListener {
  return (request, response) => {
    // The peer may be gone at any time; without listeners that would end the process.
    request.on('error', () => {})
    response.on('error', () => {})
    handle(request, response).catch((error: unknown) => {
      logger.error({ error, listener: name }, 'a request to the listener failed')
      if (response.headersSent) response.destroy()
      else response.writeHead(500, { 'content-length': 0, connection: 'close' }).end()
    })
  }
}

/** Nothing here reads one: it is refused, and the connection ends, for what follows would be the next request. */
export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}
