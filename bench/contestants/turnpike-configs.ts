// The configs that the gateway is measured with.
import type { Site } from './contestant.ts'

// Far above any load: what is measured is counting, not refusing.
const LIMIT = 'limit: 50000000/min, by: consumer'

/** The limit of `full`: permits are taken ahead. */
export const FULL_LIMIT = `{ ${LIMIT} }`
/** The limit of `full-exact`: one Redis call for each request. */
export const EXACT_LIMIT = `{ ${LIMIT}, exact: true }`

export interface FullChain {
  readonly limit: string
  readonly redisUrl: string
  readonly issuer: string
  readonly audience: string
}

// No access log: the peers write none either. No drain: every start would wait for it at its end. All of the load comes
// from one address, and in one scenario with 10,000 connections.
const HEAD = `version: 1
accessLog: false
log: error
drain: { delay: 0s, timeout: 1s }
limits: { connectionsPerClient: 20000 }
`

/** One route, no plugins. */
export function bareConfig({ backendPort }: Pick<Site, 'backendPort'>): string {
  return `${HEAD}services:
  backend:
    targets: [http://127.0.0.1:${backendPort}]
    routes: { all: /* }
`
}

/** Everything that a public API commonly has switched on. */
export function fullConfig({ backendPort }: Pick<Site, 'backendPort'>, chain: FullChain): string {
  return `${HEAD}redis: ${chain.redisUrl}
tracing: { sample: 1% }
auth:
  bench: { type: jwt, issuer: ${chain.issuer}, audience: ${chain.audience}, jwksFile: ./jwks.json }
services:
  backend:
    targets: [http://127.0.0.1:${backendPort}]
    timeout: { total: 10s, attempt: 3s }
    retry: { attempts: 2 }
    circuitBreaker: { errors: 50%, window: 10s }
    concurrency: { limit: 1000, queue: 100 }
    headers:
      request:
        set: { X-Gateway: turnpike }
        remove: [User-Agent]
    routes:
      all:
        match: /*
        auth: bench
        rateLimit: ${chain.limit}
`
}

/** Many routes over hosts with a hundred routes each, of all three kinds of path, without plugins. */
export function manyRoutesConfig({ backendPort }: Pick<Site, 'backendPort'>, shape: RouteShape): string {
  const perHost = Math.min(shape.routes, ROUTES_PER_HOST)
  const hosts = Array.from({ length: Math.ceil(shape.routes / perHost) }, (_, host) => {
    const routes = Array.from({ length: perHost }, (_, at) => `      r${at}: ${routePath(at)}`)
    return `  s${host}:
    host: ${hostName(host)}
    targets: [http://127.0.0.1:${backendPort}]
    routes:
${host === 0 ? `      revision: /revision-${shape.revision}\n` : ''}${routes.join('\n')}
`
  })
  return `${HEAD}services:\n${hosts.join('')}`
}

export interface RouteShape {
  readonly routes: number
  /** Differs between two configs of one shape: a reload that changes nothing would be skipped. */
  readonly revision: number
}

export const ROUTES_PER_HOST = 100

export function hostName(host: number): string {
  return `h${host}.bench.test`
}

/** The pattern of a host's route; each third of a kind. */
function routePath(at: number): string {
  const kind = at % 3
  if (kind === 0) return `/r${at}/list`
  return kind === 1 ? `/r${at}/items/:id` : `/r${at}/files/*`
}

/** A path that the route of the same number takes. */
export function requestPath(at: number): string {
  return routePath(at).replace(':id', '4711').replace('*', 'a/b.txt')
}
