// HTTP/2 on connections that are handed over: one session each, bounded, ended without losing a stream.
import {
  constants,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { Socket } from 'node:net'
import type { Clock, Timer } from '../../plugin.ts'
import type { ClientLimits } from '../client-limits.ts'
import type { ClientRequest, ClientResponse } from '../client-request.ts'
import { Http2Request } from './http2-request.ts'
import { Http2Response } from './http2-response.ts'
import { LostHeads } from './lost-heads.ts'
import { keepSmall } from './unread-bytes.ts'

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR } = constants

/** No id can be larger: everything that was sent until the client reads this is served (RFC 9113 section 6.8). */
const EVERY_STREAM = 2 ** 31 - 1
/** How often all sessions are looked at, at 0.3 us each: for one that asks for nothing, or only for what is refused. */
const SWEEP_MS = 200
/** Of one stream. Less than what is so by default would be of no use: a client need not have heard of it. */
const LEAST_WINDOW_BYTES = 64 * 1024
const MOST_WINDOW_BYTES = 256 * 1024
/** Node gives it back as soon as bytes have come, read or not: what waits is bounded by the windows of the streams. */
const SESSION_WINDOW_BYTES = 1024 * 1024
/** Of a request, beside its fields. */
const PSEUDO_FIELDS = 4
const MEGABYTE = 1_000_000
/** How long a client may take to close, once it is told that nothing more is served. */
const LINGER_MS = 2000

export type Http2Limits = Pick<
  ClientLimits,
  'headerBytes' | 'headers' | 'headersTimeoutMs' | 'keepAliveTimeoutMs' | 'requestsPerConnection' | 'http2'
>

export interface Http2Options {
  readonly clock: Clock
  readonly limits: Http2Limits
  onRequest(request: ClientRequest, response: ClientResponse): void
}

interface SessionState {
  readonly socket: Socket
  streams: number
  /** All there were. */
  requests: number
  readonly lostHeads: LostHeads
  idleSince: number
}

export class Http2Sessions {
  readonly #options: Http2Options
  readonly #sessions = new Map<ServerHttp2Session, SessionState>()
  #sweep: Timer | undefined
  #leaving = false
  #stopped = false

  constructor(options: Http2Options) {
    this.#options = options
  }

  accept(socket: Socket): void {
    if (socket.destroyed) return
    const { clock, limits } = this.#options
    // A connection of HTTP/2 is over for both sides at once.
    socket.allowHalfOpen = false
    const session = performServerHandshake(socket, sessionOptions(limits))
    const now = clock.now()
    const lostHeads = new LostHeads(limits.http2, now)
    const state: SessionState = { socket, streams: 0, requests: 0, lostHeads, idleSince: now }
    this.#sessions.set(session, state)
    this.#sweep ??= clock.after(SWEEP_MS, () => this.#sweepAll())
    session.on('error', () => {})
    session.on('close', () => this.#sessions.delete(session))
    session.on('stream', (stream, _headers, _flags, raw) => this.#take(stream, raw, state))
    session.setLocalWindowSize(SESSION_WINDOW_BYTES)
    if (this.#leaving) session.goaway(NGHTTP2_NO_ERROR, EVERY_STREAM)
    if (this.#stopped) session.close()
  }

  /** Clients are told to go elsewhere; what they send before they have heard of it is served. */
  announceEnd(): void {
    this.#leaving = true
    for (const session of this.#sessions.keys()) {
      if (!session.destroyed) session.goaway(NGHTTP2_NO_ERROR, EVERY_STREAM)
    }
  }

  /** No stream begins any more; each session ends with its last one. */
  stop(): void {
    this.#stopped = true
    this.#sweep?.cancel()
    for (const session of this.#sessions.keys()) session.close()
  }

  #take(stream: ServerHttp2Stream, raw: readonly string[], state: SessionState): void {
    // A reset is the client's affair; without a listener it would end the process.
    stream.on('error', () => {})
    // Streams that are open go on to their end.
    if (++state.requests === this.#options.limits.requestsPerConnection) stream.session?.close()
    // Opened and reset in one packet: nobody waits for an answer.
    if (stream.destroyed || stream.closed) return
    if (!stream.endAfterHeaders) keepSmall(stream)
    state.streams++
    stream.on('close', () => {
      state.streams--
      state.idleSince = this.#options.clock.now()
    })
    // Node closes a stream that was reset without an error only when somebody has read it to its end.
    stream.on('aborted', () => {
      if (stream.rstCode === NGHTTP2_NO_ERROR) setImmediate(() => stream.destroy())
    })
    const maxFields = this.#options.limits.headers
    const request = new Http2Request(stream, raw, { socket: state.socket, maxFields })
    this.#options.onRequest(request, new Http2Response(stream, () => request.complete))
  }

  #sweepAll(): void {
    const now = this.#options.clock.now()
    for (const [session, state] of this.#sessions) this.#look(session, state, now)
    const { clock } = this.#options
    this.#sweep = this.#sessions.size > 0 ? clock.after(SWEEP_MS, () => this.#sweepAll()) : undefined
  }

  #look(
    session: ServerHttp2Session,
    { socket, streams, requests, idleSince, lostHeads }: SessionState,
    now: number,
  ): void {
    const { lastProcStreamID = 0 } = session.state
    if (lostHeads.areTooMany(lastProcStreamID, requests, now)) {
      session.destroy(new Error('too many heads came to nothing'), NGHTTP2_ENHANCE_YOUR_CALM)
      return
    }
    const { headersTimeoutMs, keepAliveTimeoutMs } = this.#options.limits
    // Also for a head that began and does not end: nothing of it is told before it is whole.
    const patienceMs = requests === 0 ? headersTimeoutMs : keepAliveTimeoutMs
    const lateMs = now - idleSince - patienceMs
    if (streams > 0 || lateMs < 0) return
    // Told once, then cut: node ends its side alone, and waits for a client that never closes its own for ever.
    if (!session.closed) session.close()
    else if (lateMs >= LINGER_MS) socket.destroy()
  }
}

function sessionOptions({ headerBytes, headers, http2 }: Http2Limits) {
  return {
    settings: {
      enablePush: false,
      // WebSocket on a stream (RFC 8441); a route still has to let it through.
      enableConnectProtocol: true,
      initialWindowSize: windowOf(http2),
      maxConcurrentStreams: http2.streams,
      maxHeaderListSize: headerBytes,
    },
    maxHeaderListPairs: headers + PSEUDO_FIELDS,
    maxSessionMemory: http2.memoryBytes / MEGABYTE,
    streamResetBurst: http2.resets,
    streamResetRate: http2.resetsPerSecond,
    // A service may send two of a field that should be one: the client gets both, as over HTTP/1.
    strictSingleValueFields: false,
  }
}

/** All streams together fill no more than the memory of their connection, or 64 KiB each where that is more. */
function windowOf({ streams, memoryBytes }: Http2Limits['http2']): number {
  return Math.min(MOST_WINDOW_BYTES, Math.max(LEAST_WINDOW_BYTES, Math.floor(memoryBytes / streams)))
}
