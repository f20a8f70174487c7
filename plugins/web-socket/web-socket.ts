// The plugin `webSocket`: lets clients of a route leave HTTP for WebSocket, pages of strangers excepted.
import { type Exchange, GatewayError, type Hooks, type Plugin, type PluginContext } from '../../src/plugin.ts'
import { settings, type WebSocketSettings } from './settings.ts'

export const webSocket = {
  name: 'webSocket',
  stage: 'edge',
  summary: 'Lets clients open WebSocket connections, within limits.',
  settings,
  create: createWebSocket,
} satisfies Plugin<WebSocketSettings>

function createWebSocket(given: WebSocketSettings, context: PluginContext): Hooks {
  const { meter, scope } = context
  const { idle: idleMs, lifetime: lifetimeMs, message: messageBytes, untilExpiry } = given
  const limits = { idleMs, lifetimeMs, messageBytes, untilExpiry }
  const limit = context.ofNode(given.limit)
  const mayOpen = originRule(given.origins)
  // By scope alone: what was opened under other settings still counts.
  const open = context.share(scope, () => new Set<Exchange>())
  meter.gauge('web_socket_open', 'WebSocket connections that are open', () => open.size, { scope })
  const refused = meter.counter('web_socket_refused_total', 'Connections refused by the limit', { scope })

  return {
    onRequest(exchange) {
      if (!exchange.upgrade) return
      if (!mayOpen(exchange)) throw new GatewayError('ORIGIN_FORBIDDEN')
      if (open.size >= limit) {
        refused.add()
        throw tooMany()
      }
      open.add(exchange)
      exchange.upgrade.limits = limits
    },
    onFinish(exchange) {
      if (exchange.upgrade) open.delete(exchange)
    },
  }
}

type OriginRule = (exchange: Exchange) => boolean

/**
 * A browser lets any page open a WebSocket anywhere, with the user's cookies, and tells only by Origin whose page it
 * is (cross-site WebSocket hijacking). Who sends none is no browser, and could say what it likes.
 */
function originRule(origins: WebSocketSettings['origins']): OriginRule {
  if (origins === '*') return () => true
  const listed = origins && new Set(origins)
  return ({ headers, request }) => {
    const sent = headers.all('origin')
    if (sent.length === 0) return true
    if (sent.length > 1) return false
    return listed ? listed.has(sent[0]!) : hostOf(sent[0]!) === request.headers.get('host')?.toLowerCase()
  }
}

// The scheme is left out: behind a TLS terminator the gateway may not know its own.
function hostOf(origin: string): string | undefined {
  return /^[a-z][a-z0-9+.-]*:\/\/([^/?#@]+)$/i.exec(origin)?.[1]?.toLowerCase()
}

function tooMany(): GatewayError {
  return new GatewayError('CONCURRENCY_LIMITED', {
    detail: 'Too many WebSocket connections are open.',
    headers: ['Retry-After', '10'],
  })
}
