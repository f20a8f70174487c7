// The admin API: what serves now, as JSON, and one change: loading the configuration again.
import type { IncomingMessage } from 'node:http'
import { isLoopback, parseListenAddress } from '../listen-address.ts'
import type { Clock, Logger } from '../plugin.ts'
import { type AdminAnswer, problem, sendAnswer } from './admin-answer.ts'
import { createGuard, type Guard } from './admin-guard.ts'
import type { AdminSource, ReloadResult } from './admin-source.ts'
import { adminToken, type Environment } from './admin-token.ts'
import { generationView, routesView, servicesView, workersView } from './admin-views.ts'
import { createHttpListener, type HttpListener, hasBody } from './http-listener.ts'

export interface AdminServerOptions {
  readonly address: string
  readonly source: AdminSource
  readonly clock: Clock
  readonly logger: Logger
  /** For TURNPIKE_ADMIN_TOKEN and TURNPIKE_ADMIN_TOKEN_FILE. */
  readonly env: Environment
}

type Handler = (request: IncomingMessage) => AdminAnswer | Promise<AdminAnswer>

interface Resource {
  readonly method: 'GET' | 'POST'
  readonly handle: Handler
}

/** Throws when others could reach it and there is no token that deserves the name. */
export function createAdminServer(options: AdminServerOptions): HttpListener {
  const { address, clock, logger } = options
  const token = adminToken(options.env)
  if (token === undefined && !isLoopback(parseListenAddress(address).host)) {
    throw new Error(
      `the admin address ${address} can be reached from other machines: set TURNPIKE_ADMIN_TOKEN ` +
        'or TURNPIKE_ADMIN_TOKEN_FILE (16 characters or more), or listen on 127.0.0.1',
    )
  }
  const guard = createGuard(clock, token)
  const resources = adminResources(options)
  return createHttpListener({
    name: 'admin',
    address,
    logger,
    handle: async (request, response) =>
      sendAnswer(request, response, await answer(request, guard, resources)),
  })
}

async function answer(
  request: IncomingMessage,
  guard: Guard,
  resources: ReadonlyMap<string, Resource>,
): Promise<AdminAnswer> {
  const refusal = guard(request)
  if (refusal) return refusal
  const [path = ''] = (request.url ?? '').split('?', 1)
  const resource = resources.get(path)
  if (!resource) return problem(404, 'There is nothing here')
  const { method, handle } = resource
  const allowed = request.method === method || (request.method === 'HEAD' && method === 'GET')
  if (!allowed) return notAllowed(method)
  return hasBody(request) ? problem(413, 'A request to this API has no body') : handle(request)
}

function notAllowed(method: Resource['method']): AdminAnswer {
  const refused = problem(405, 'This resource does not have this method')
  return { ...refused, headers: { ...refused.headers, allow: method === 'GET' ? 'GET, HEAD' : method } }
}

function adminResources({ source, logger }: AdminServerOptions): ReadonlyMap<string, Resource> {
  const get = (body: () => object | Promise<object>): Resource => ({
    method: 'GET',
    handle: async () => ({ status: 200, body: await body() }),
  })
  return new Map<string, Resource>([
    ['/api/generation', get(() => generationView(source.generation()))],
    ['/api/routes', get(() => routesView(source.routes()))],
    ['/api/services', get(async () => servicesView(await source.services()))],
    ['/api/workers', get(() => workersView(source.workers()))],
    [
      '/api/reload',
      {
        method: 'POST',
        handle: async ({ socket }) => {
          const from = source.generation().hash
          const result = await source.reload()
          const { outcome } = result
          // The audit trail: who, what, from, to.
          const facts = { audit: true, action: 'reload', by: socket.remoteAddress, outcome, from }
          logger.info({ ...facts, to: source.generation().hash }, 'the admin API was asked to reload')
          return reloadAnswer(result)
        },
      },
    ],
  ])
}

function reloadAnswer(result: ReloadResult): AdminAnswer {
  if (result.outcome !== 'refused') {
    return {
      status: 200,
      body: { outcome: result.outcome, generation: result.generation, hash: result.hash },
    }
  }
  const faults = result.faults.map(({ origin, message, hint }) => ({ origin, message, hint }))
  return problem(422, 'The configuration is not valid; the old one serves on', { faults })
}
