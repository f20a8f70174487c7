// Names and attributes of spans, by the stable HTTP semantic conventions. No query, no credentials.
import type { Attempt, Exchange } from '../plugin.ts'
import { errorType, knownMethod } from './outcome.ts'
import type { SpanAttributes } from './span.ts'

const MAX_VALUE = 1024

/** Where an attempt goes to. */
export interface SpanTarget {
  /** Origin of the target, without credentials: `http://10.0.0.7:3000`. */
  readonly url: string
  readonly host: string
  readonly port: number
}

/** `{method} {pattern}`: as few different names as there are routes. */
export function serverSpanName(exchange: Exchange): string {
  const method = spanMethod(exchange.method)
  return exchange.route ? `${method} ${exchange.route.pattern}` : method
}

export function clientSpanName(exchange: Exchange): string {
  return spanMethod(exchange.request.method)
}

export function serverAttributes(exchange: Exchange): SpanAttributes {
  const { route, status, error, consumer } = exchange
  const type = errorType(status, error)
  const agent = exchange.headers.get('user-agent')
  return {
    ...methodAttributes(exchange.method),
    'url.scheme': exchange.scheme,
    'url.path': cut(exchange.path),
    'server.address': cut(exchange.host),
    'client.address': exchange.clientIp,
    'gateway.request.id': exchange.id,
    ...(agent !== undefined && { 'user_agent.original': cut(agent) }),
    ...(route && {
      'http.route': route.pattern,
      'gateway.route': route.id,
      'gateway.service': route.service,
    }),
    ...(consumer && { 'gateway.consumer': cut(consumer.id) }),
    ...(status > 0 && { 'http.response.status_code': status }),
    ...(type !== undefined && { 'error.type': type }),
  }
}

/** `resends`: how many attempts of the same exchange were started before this one. */
export function clientAttributes(exchange: Exchange, target: SpanTarget, resends: number): SpanAttributes {
  return {
    ...methodAttributes(exchange.request.method),
    'server.address': target.host,
    'server.port': target.port,
    'url.full': cut(target.url + withoutQuery(exchange.request.path)),
    ...(exchange.route && { 'gateway.service': exchange.route.service }),
    ...(resends > 0 && { 'http.request.resend_count': resends }),
  }
}

export function resultAttributes({ status, error }: Attempt): SpanAttributes {
  const type = error?.code ?? (status >= 400 ? String(status) : undefined)
  return {
    ...(status > 0 && { 'http.response.status_code': status }),
    ...(type !== undefined && { 'error.type': type }),
  }
}

function methodAttributes(method: string): SpanAttributes {
  const known = knownMethod(method)
  if (known === method) return { 'http.request.method': method }
  return { 'http.request.method': known, 'http.request.method_original': method.slice(0, 32) }
}

/** The conventions ask for `HTTP` where the method is not a known one. */
function spanMethod(method: string): string {
  const known = knownMethod(method)
  return known === '_OTHER' ? 'HTTP' : known
}

function withoutQuery(path: string): string {
  const query = path.indexOf('?')
  return query < 0 ? path : path.slice(0, query)
}

const cut = (value: string): string => (value.length > MAX_VALUE ? value.slice(0, MAX_VALUE) : value)
