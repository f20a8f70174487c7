// Probes and metrics for orchestrators and Prometheus: read-only, no secrets, nothing else.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline, Readable } from 'node:stream'
import type { Logger } from '../plugin.ts'
import { createHttpListener, type HttpListener, hasBody } from './http-listener.ts'

/** Prometheus sends one at a time; more would only multiply the memory of a large answer. */
const MAX_SCRAPES = 4
const TEXT = 'text/plain; charset=utf-8'
const PROMETHEUS = 'text/plain; version=0.0.4; charset=utf-8'

export interface Readiness {
  readonly ready: boolean
  /** What readiness depends on, by name: `listening`, `accepting`, `worker-1`. */
  readonly checks: Readonly<Record<string, boolean>>
}

export interface StatusServerOptions {
  readonly address: string
  readonly logger: Logger
  isReady(): Readiness
  /** Prometheus text in parts. */
  metricsText(): Promise<readonly string[]>
}

interface Answer {
  readonly status: number
  readonly type?: string
  readonly body?: string | readonly string[]
  readonly headers?: Readonly<Record<string, string>>
}

export function createStatusServer(options: StatusServerOptions): HttpListener {
  const metrics = limited(options)
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const [path, query] = split(request.url ?? '')
    send(request, response, await answer({ path, query, request, response, options, metrics }))
  }
  return createHttpListener({ name: 'status', address: options.address, logger: options.logger, handle })
}

interface Asked {
  readonly path: string
  readonly query: string
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly options: StatusServerOptions
  metrics(response: ServerResponse): Promise<Answer>
}

type Respond = (asked: Asked) => Answer | Promise<Answer>

const alive = (): Answer => ({ status: 200, body: 'ok\n' })

const ANSWERS: ReadonlyMap<string, Respond> = new Map<string, Respond>([
  ['/livez', alive],
  // An alias, because it is what people try first.
  ['/healthz', alive],
  ['/readyz', readiness],
  ['/metrics', ({ metrics, response }: Asked) => metrics(response)],
])

async function answer(asked: Asked): Promise<Answer> {
  const found = ANSWERS.get(asked.path)
  if (!found) return { status: 404, body: 'not found\n' }
  const { method } = asked.request
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, headers: { allow: 'GET, HEAD' } }
  return found(asked)
}

function readiness({ options, query }: Asked): Answer {
  const { ready, checks } = options.isReady()
  const verdict = ready ? 'ok\n' : 'not ready\n'
  const verbose = query.split('&').some((part) => part === 'verbose' || part.startsWith('verbose='))
  const lines = Object.entries(checks).map(([name, ok]) => (ok ? `[+]${name} ok\n` : `[-]${name} failed\n`))
  return { status: ready ? 200 : 503, body: verbose ? lines.join('') + verdict : verdict }
}

/** A scrape counts until its reader has taken all of it. */
function limited({ metricsText }: StatusServerOptions): (response: ServerResponse) => Promise<Answer> {
  let running = 0
  return async (response) => {
    if (running >= MAX_SCRAPES) return { status: 503, headers: { 'retry-after': '1' } }
    running++
    response.once('close', () => {
      running--
    })
    return { status: 200, type: PROMETHEUS, body: await metricsText() }
  }
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  { status, type = TEXT, body = '', headers }: Answer,
): void {
  response.writeHead(status, {
    'content-type': type,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(typeof body === 'string' && { 'content-length': Buffer.byteLength(body) }),
    ...(hasBody(request) && { connection: 'close' }),
    ...headers,
  })
  if (request.method === 'HEAD') response.end()
  else if (typeof body === 'string') response.end(body)
  // A reader that goes away in the middle is no event.
  else pipeline(Readable.from(body), response, () => {})
}

function split(url: string): [path: string, query: string] {
  const mark = url.indexOf('?')
  return mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)]
}
