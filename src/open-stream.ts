// An answer that may last for hours: an event stream, or a call of gRPC.
import type { Answer } from './chain/run.ts'
import type { ClientResponse } from './edge/client-request.ts'
import type { HttpExchange } from './edge/http-exchange.ts'
import { GatewayError } from './errors.ts'
import type { Lasting } from './open-by-generation.ts'

/** What is told by their type alone: any other answer has an end that its timeout bounds. */
export function mayLast({ grpc }: HttpExchange, { headers, body }: Answer): boolean {
  if (typeof body === 'string' || Buffer.isBuffer(body) || body.complete) return false
  return grpc !== undefined || (headers.get('content-type')?.startsWith('text/event-stream') ?? false)
}

export function openStream(exchange: HttpExchange, response: ClientResponse): Lasting {
  return {
    ended: new Promise((resolve) => response.on('close', () => resolve())),
    goAway: () => exchange.cancel(new GatewayError('OVERLOADED')),
  }
}
