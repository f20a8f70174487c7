// The moment when an exchange leaves HTTP: the head of the switch goes out, and both connections become a tunnel.
import type { Duplex } from 'node:stream'
import type { ClientResponse } from './edge/client-request.ts'
import type { HttpExchange } from './edge/http-exchange.ts'
import { GatewayError } from './errors.ts'
import type { OpenByGeneration } from './open-by-generation.ts'
import type { Call, Clock, ResponseHead, UpstreamResponse } from './plugin.ts'
import { agreedExtensions } from './web-socket/frame-rules.ts'
import { Tunnel } from './web-socket/tunnel.ts'

export interface TunnelEnvironment {
  readonly clock: Clock
  readonly tunnels: OpenByGeneration
}

/** A 101 of a service, and the connection that it came on. */
export interface SwitchedAnswer extends UpstreamResponse {
  readonly tunnel: Duplex
}

export interface Switch {
  readonly exchange: HttpExchange
  readonly response: ClientResponse
  readonly answer: SwitchedAnswer
  /** Whose hooks hear of the end. */
  readonly generation: object
}

export function hasTunnel(answer: ResponseHead): answer is SwitchedAnswer {
  return (answer as UpstreamResponse).tunnel !== undefined
}

/** A route takes WebSocket only when one of its plugins said so: an old config must not open a new door. */
export function guardUpgrade(call: Call): Call {
  return (request) =>
    request.exchange.upgrade?.limits === undefined
      ? Promise.reject(new GatewayError('WEBSOCKET_FORBIDDEN'))
      : call(request)
}

/** Throws when the head cannot be written; nothing has been sent then. */
export function openTunnel({ clock, tunnels }: TunnelEnvironment, joined: Switch): Tunnel {
  const { exchange, response, answer, generation } = joined
  answer.headers.set('X-Request-Id', exchange.id)
  const client = response.switchProtocols(answer.headers)
  const limits = exchange.upgrade!.limits!
  const { expiresAt = Number.POSITIVE_INFINITY } = exchange.consumer ?? {}
  const tunnel = new Tunnel({
    client,
    target: answer.tunnel,
    clock,
    limits,
    extensions: agreedExtensions(answer.headers.all('sec-websocket-extensions')),
    authenticatedMs: limits.untilExpiry ? expiresAt - clock.epochMs() : Number.POSITIVE_INFINITY,
  })
  tunnels.add(tunnel, generation)
  return tunnel
}
