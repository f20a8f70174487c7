// What a connection of HTTP/1 needs of whoever has accepted it, and what it can be asked.
import type { Socket } from 'node:net'
import type { GatewayError } from '../../errors.ts'
import type { Http1Connection } from './http1-connection.ts'
import type { BodyLimits, Http1Request } from './http1-request.ts'
import type { Http1Response } from './http1-response.ts'

/** What is waited for, by the limit that it has. */
export type Awaited = 'first' | 'head' | 'next' | 'body' | 'close'

export interface ConnectionOwner {
  readonly limits: BodyLimits & { readonly bodyRate: number }
  readonly keepAliveFields: string
  /** Monotonic milliseconds. */
  now(): number
  /** The first one of a connection: begins in this turn of the event loop or a later one. */
  onFirst(connection: Http1Connection, request: Http1Request, response: Http1Response): void
  onRequest(request: Http1Request, response: Http1Response): void
  /** Its client takes nothing of it. */
  onTimeout(response: Http1Response): void
  /** Its response has been written: it is looked at again when everything of this turn has been. */
  onEnded(connection: Http1Connection): void
  /** Answers where there is no whole request, as the last thing on the connection. The id is that of half a one. */
  onFault(socket: Socket, error: GatewayError, requestId: string | undefined): void
  /** It is closed, or speaks another protocol now. */
  onGone(connection: Http1Connection): void
}
