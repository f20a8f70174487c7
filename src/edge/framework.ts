// One Fastify instance with @fastify/http-proxy mounted once: every request is handed to `serve`.

import { type IncomingMessage, METHODS, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import httpProxy from '@fastify/http-proxy'
import fastify, { type FastifyInstance } from 'fastify'
import type { ClientLimits } from './client-limits.ts'
import type { ClientRequest, ClientResponse, Serve } from './client-request.ts'
import { type OnMalformed, refuseMalformed, refuseOnSocket } from './malformed-request.ts'
import { noteTurn } from './pipeline.ts'
import { EdgeResponse } from './response-head.ts'
import type { TurnShare } from './turn-share.ts'
import { asksForWebSocket, serveUpgrades } from './upgrade.ts'

/** Methods that are never forwarded: TRACE reflects credentials, CONNECT would make an open relay. */
const REFUSED_METHODS: ReadonlySet<string> = new Set(['CONNECT', 'TRACE'])

/** How often expired connections are looked for. */
const CHECK_INTERVAL_MS = 1000

export interface Framework {
  /** Speaks HTTP/1.1 on connections that it is handed; it listens nowhere itself. */
  readonly http1: Server
  /** Takes a request of another version of HTTP the same way. */
  route(request: ClientRequest, response: ClientResponse): void
  close(): Promise<void>
}

export interface FrameworkOptions {
  readonly serve: Serve
  /** Hears of what never became a request. */
  readonly onMalformed: OnMalformed
  readonly limits: ClientLimits
  /** Sees to it that many clients that are given up leave room for others. */
  readonly turns: TurnShare
}

export async function createFramework(options: FrameworkOptions): Promise<Framework> {
  const { serve, onMalformed } = options
  const instance = createFastify(options)
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    if (noteTurn(request.socket, response)) serve(request, response, targetOf(request))
  }
  for (const method of METHODS) {
    if (!instance.supportedMethods.includes(method)) instance.addHttpMethod(method, { hasBody: true })
  }
  await instance.register(httpProxy, {
    // Never dialled: requests are forwarded on the gateway's own pools.
    upstream: 'http://upstream.invalid',
    httpMethods: METHODS.filter((method) => !REFUSED_METHODS.has(method)),
    disableRequestLogging: true,
    // Answered before the proxy's own handler, which would build three URLs that nobody reads: 15 of 64 us a request.
    preHandler(request, reply) {
      reply.hijack()
      take(request.raw, reply.raw)
    },
  })
  // What no route of the framework takes (TRACE) still gets the gateway's own answer.
  instance.setNotFoundHandler((request, reply) => {
    reply.hijack()
    take(request.raw, reply.raw)
  })
  await instance.ready()
  const { server } = instance
  // Node would ask for the body at once: a refusal, or a service that is not there, must not cost an upload.
  server.on('checkContinue', take)
  // Node would answer an unknown expectation with an empty 417 by itself.
  server.on('checkExpectation', take)
  // Without a listener the connection would be closed without a word.
  server.on('connect', (_request, socket) => {
    // Node has taken its own listener away: a reset before the answer is read would be nobody's error.
    socket.on('error', () => {})
    refuseOnSocket(socket as Socket, 'METHOD_NOT_SUPPORTED', onMalformed)
  })
  serveUpgrades(server, serve)
  // Node makes the list that its timeouts look through when a server begins to listen, which this one never does.
  server.emit('listening')
  return {
    http1: server,
    route: (request, response) => instance.routing(request as IncomingMessage, response as ServerResponse),
    async close() {
      // Ends the timer of that list; there is no port to be closed.
      server.close()
      await instance.close()
    },
  }
}

function createFastify({ limits, onMalformed, turns }: FrameworkOptions): FastifyInstance {
  return fastify({
    http: {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: Math.min(limits.headersTimeoutMs, limits.requestTimeoutMs),
      connectionsCheckingInterval: CHECK_INTERVAL_MS,
      // Node would answer by itself, with an empty body and no request id.
      requireHostHeader: false,
      shouldUpgradeCallback: asksForWebSocket,
      // A request without a body has no stream to be read: a tenth of what the server costs for each.
      optimizeEmptyRequests: true,
      ServerResponse: EdgeResponse,
    },
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    // A half-sent request at shutdown is served, not refused.
    return503OnClosing: false,
    forceCloseConnections: false,
    logger: false,
    exposeHeadRoutes: false,
    genReqId: () => '',
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    clientErrorHandler: refuseMalformed(onMalformed, turns),
    rewriteUrl,
  })
}

// Without it Fastify loads Ajv and a compiler of serialisers, 30 ms at each start, for schemas that no route has.
function noSchemas(): never {
  throw new Error('the routes of the framework have no schemas')
}

/**
 * The framework sees every request as `/` with an opaque body: its router, the proxy's path rules and the body
 * parsers would each have an opinion of their own, and there must be one. The real target stays in `originalUrl`.
 */
function rewriteUrl(request: IncomingMessage): string {
  request.headers['content-type'] = 'application/octet-stream'
  return '/'
}

function targetOf(request: IncomingMessage): string {
  return (request as IncomingMessage & { originalUrl?: string }).originalUrl ?? request.url ?? ''
}
