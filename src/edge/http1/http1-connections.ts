// HTTP/1 on connections that are handed over: each bounded in time, and answered also where there is no request.
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { type ErrorCode, GatewayError, toGatewayError } from '../../errors.ts'
import type { Clock, Timer } from '../../plugin.ts'
import { createRequestId } from '../arrival.ts'
import type { ClientLimits } from '../client-limits.ts'
import type { ClientRequest, ClientResponse } from '../client-request.ts'
import { connectionOf } from '../connection.ts'
import { problemDocument } from '../problem.ts'
import type { Spread } from '../spread.ts'
import type { Turnstile } from '../turnstile.ts'
import type { Awaited, ConnectionOwner } from './connection-owner.ts'
import { Http1Connection } from './http1-connection.ts'
import type { Http1Request } from './http1-request.ts'

/** How often all of them are looked at: a timer for each would cost more than many a request. */
const LOOK_MS = 1000

/** What is known of a client that sent no request. */
export interface MalformedFacts {
  readonly cause: ErrorCode
  readonly requestId: string
  readonly clientIp: string
}

export type OnMalformed = (facts: MalformedFacts) => void

export interface Http1Options {
  readonly clock: Clock
  readonly limits: Pick<
    ClientLimits,
    'headerBytes' | 'headers' | 'headersTimeoutMs' | 'requestTimeoutMs' | 'keepAliveTimeoutMs' | 'bodyRate'
  >
  /** Sees to it that many clients that are given up leave room for others. */
  readonly spread: Spread
  /** Where first requests wait. */
  readonly turnstile: Turnstile
  onRequest(request: ClientRequest, response: ClientResponse): void
  /** Hears of what never became a request. */
  readonly onMalformed: OnMalformed
}

export class Http1Connections implements ConnectionOwner {
  readonly keepAliveFields: string
  readonly limits: Http1Options['limits']
  readonly #options: Http1Options
  readonly #open = new Set<Http1Connection>()
  /** Whose responses have been written in this turn of the event loop. */
  #ended: Http1Connection[] = []
  readonly #goOn = () => {
    const ended = this.#ended
    this.#ended = []
    for (const connection of ended) letGoOn(connection)
  }
  #looking: Timer | undefined

  constructor(options: Http1Options) {
    this.#options = options
    this.limits = options.limits
    const seconds = Math.floor(options.limits.keepAliveTimeoutMs / 1000)
    this.keepAliveFields = `Connection: keep-alive\r\nKeep-Alive: timeout=${seconds}\r\n`
  }

  accept(socket: Socket): void {
    if (socket.destroyed) return
    this.#open.add(new Http1Connection(socket, this))
    this.#looking ??= this.#options.clock.after(LOOK_MS, () => this.#look())
  }

  /** Nobody is looked after any more. */
  stop(): void {
    this.#looking?.cancel()
  }

  onFirst(connection: Http1Connection, request: Http1Request, response: ClientResponse): void {
    this.#options.turnstile.pass(() => {
      // Its client may have gone while it waited.
      if (request.destroyed) return
      try {
        this.#options.onRequest(request, response)
      } catch (thrown) {
        connection.refuse(toGatewayError(thrown))
      }
    })
  }

  onRequest(request: ClientRequest, response: ClientResponse): void {
    this.#options.onRequest(request, response)
  }

  // Not at once: what is written next goes to clients that are awake, and whoever writes has not come to its end.
  onEnded(connection: Http1Connection): void {
    if (this.#ended.push(connection) === 1) process.nextTick(this.#goOn)
  }

  onTimeout(response: ClientResponse): void {
    this.#options.spread.run(() => response.destroy())
  }

  onGone(connection: Http1Connection): void {
    this.#open.delete(connection)
  }

  now(): number {
    return this.#options.clock.now()
  }

  /** In the shape of every other refusal, as the last thing on the connection. */
  onFault(socket: Socket, error: GatewayError, requestId = createRequestId()): void {
    if (!socket.writable) {
      socket.destroy()
      return
    }
    const body = problemDocument(error, requestId)
    this.#options.onMalformed({ cause: error.code, requestId, clientIp: connectionOf(socket).peer })
    socket.end(
      [
        `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
        'Content-Type: application/problem+json',
        'Cache-Control: no-store',
        `X-Request-Id: ${requestId}`,
        `Content-Length: ${Buffer.byteLength(body)}`,
        'Connection: close',
        '',
        body,
      ].join('\r\n'),
    )
  }

  #look(): void {
    const now = this.#options.clock.now()
    const goesOn = this.#open.size > 0
    // First: whatever goes wrong with one of them, the others are looked after.
    this.#looking = goesOn ? this.#options.clock.after(LOOK_MS, () => this.#look()) : undefined
    for (const connection of this.#open) this.#judge(connection, now)
  }

  #judge(connection: Http1Connection, now: number): void {
    if (!this.#isLate(connection, now)) return
    this.#options.spread.run(() => {
      const { awaits } = connection
      // What was waited for may have come, as this waits for its turn.
      if (!this.#isLate(connection, this.now())) return
      if (awaits === 'next' || awaits === 'close') connection.destroy()
      else connection.refuse(new GatewayError('REQUEST_TIMEOUT'))
    })
  }

  #isLate(connection: Http1Connection, now: number): boolean {
    const { awaits } = connection
    if (awaits === 'close') return connection.hasLingered(now)
    return awaits !== undefined && connection.waited(now) >= this.#patienceMs(awaits)
  }

  #patienceMs(awaited: Exclude<Awaited, 'close'>): number {
    const { headersTimeoutMs, requestTimeoutMs, keepAliveTimeoutMs } = this.limits
    switch (awaited) {
      case 'first':
      case 'head':
        return Math.min(headersTimeoutMs, requestTimeoutMs)
      case 'next':
        return keepAliveTimeoutMs
      case 'body':
        return requestTimeoutMs
    }
  }
}

// Whoever hears of the end of a response should not throw. If so, it costs this connection and no other, and reaches the
// last net.
function letGoOn(connection: Http1Connection): void {
  try {
    connection.goOn()
  } catch (thrown) {
    connection.destroy()
    queueMicrotask(() => {
      throw thrown
    })
  }
}
