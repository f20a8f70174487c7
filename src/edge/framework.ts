// One Fastify instance with @fastify/http-proxy mounted once: every request is handed to `serve`.

import { type IncomingMessage, METHODS, type ServerResponse } from 'node:http'
import httpProxy from '@fastify/http-proxy'
import fastify, { type FastifyInstance } from 'fastify'
import type { ClientRequest, ClientResponse, Serve } from './client-request.ts'

/** Methods that are never forwarded: TRACE reflects credentials, CONNECT would make an open relay. */
const REFUSED_METHODS: ReadonlySet<string> = new Set(['CONNECT', 'TRACE'])

export interface Framework {
  /** Takes a request that has come over any version of HTTP; the framework itself listens nowhere. */
  route(request: ClientRequest, response: ClientResponse): void
  close(): Promise<void>
}

/** What the framework has made of a request: itself. */
interface Routed {
  readonly raw: object
}

export async function createFramework(serve: Serve): Promise<Framework> {
  const instance = createFastify()
  const take = ({ raw }: Routed, reply: Routed): void => {
    const request = raw as ClientRequest & { readonly originalUrl: string }
    serve(request, reply.raw as ClientResponse, request.originalUrl)
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
      take(request, reply)
    },
  })
  // What no route of the framework takes (TRACE) still gets the gateway's own answer.
  instance.setNotFoundHandler((request, reply) => {
    reply.hijack()
    take(request, reply)
  })
  await instance.ready()
  return {
    // Its types know only Node's own objects.
    route: (request, response) =>
      instance.routing(request as object as IncomingMessage, response as object as ServerResponse),
    close: () => instance.close(),
  }
}

function createFastify(): FastifyInstance {
  return fastify({
    logger: false,
    exposeHeadRoutes: false,
    genReqId: () => '',
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
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
