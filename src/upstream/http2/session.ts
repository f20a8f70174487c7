// One HTTP/2 connection to a target: from its SETTINGS to its GOAWAY, with room for so many streams.
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  type ClientSessionOptions,
  connect,
  type Settings,
} from 'node:http2'
import type { Socket } from 'node:net'
import { GatewayError } from '../../errors.ts'
import type { BodyStream } from '../../exchange.ts'
import type { Outgoing } from '../transmission.ts'
import { failUnstarted, type Work } from '../waiting-line.ts'
import { nativeSession, outlive } from './outlive.ts'
import { toRequestHead } from './request-head.ts'
import { Stream, type StreamOwner } from './stream.ts'

/** What RFC 9113 section 6.5.2 asks servers to allow; a target may allow fewer. */
export const STREAMS_PER_SESSION = 100
/** A body that the client does not take is held up to this size for each stream, by flow control. */
const STREAM_WINDOW_BYTES = 256 * 1024
/** Bytes under way on one connection; node:http2's 64 KiB would be 64 KiB per round trip for all streams together. */
const SESSION_WINDOW_BYTES = 4 * 1024 * 1024
/** What all streams of one connection may hold; node:http2's 10 MB would refuse new ones beside a few slow bodies. */
const SESSION_MEGABYTES = 64
const MAX_HEADER_PAIRS = 256
/** The shortest time in which a PING must be answered: a busy event loop is not a dead target. */
const MIN_PROBE_MS = 1000
/** How long a target may take to close its half of a connection that carries nothing any more. */
const LINGER_MS = 500
const NOTHING_REFUSED = 2 ** 31 - 1

export interface SessionSettings {
  readonly origin: URL
  readonly maxHeaderBytes: number
  readonly connectTimeoutMs: number
  readonly idleTimeoutMs: number
}

export interface SessionEvents {
  /** Its SETTINGS have come, a stream has ended, or more streams are allowed. */
  onRoom(): void
  /** `error`: it ended before any request was sent on it, and not by our will. */
  onClosed(error: Error | undefined): void
}

export class Session implements StreamOwner {
  readonly #http2: ClientHttp2Session
  readonly #settings: SessionSettings
  readonly #events: SessionEvents
  readonly #scheme: string
  readonly #socket: Socket
  #timer: NodeJS.Timeout
  #probe: NodeJS.Timeout | undefined
  /** Streams that are open, and that may be. */
  #open = 0
  #allowed = 0
  #unused = true
  #native: object | undefined
  #retired = false
  #error: Error | undefined
  /** True since its SETTINGS came. */
  ready = false
  lastAccepted = NOTHING_REFUSED

  constructor(socket: Socket, settings: SessionSettings, events: SessionEvents) {
    this.#socket = socket
    this.#settings = settings
    this.#events = events
    this.#scheme = settings.origin.protocol.slice(0, -1)
    this.#http2 = openSession(socket, settings)
    // Not used before: a request sent to what is no HTTP/2 server would be lost, and nobody could tell.
    this.#timer = setTimeout(() => this.#giveUp(), settings.connectTimeoutMs).unref()
    this.#http2.on('connect', () => this.#http2.setLocalWindowSize(SESSION_WINDOW_BYTES))
    this.#http2.on('remoteSettings', (remote) => this.#onSettings(remote))
    this.#http2.on('goaway', (_code, lastStreamId) => {
      this.lastAccepted = lastStreamId
      this.#retire()
    })
    this.#http2.on('error', (error) => {
      this.#error = error
    })
    this.#http2.on('close', () => this.#onClose())
  }

  hasRoom(): boolean {
    if (this.#retired || this.#http2.destroyed || this.#probe !== undefined) return false
    return this.#open < this.#allowed
  }

  /** Nothing was sent on it yet, though it may have begun. */
  get unused(): boolean {
    return this.#unused
  }

  start(work: Work): void {
    const { request, receiver } = work
    const stream = new Stream(work, this)
    receiver.onStart(stream)
    try {
      stream.start(this.#http2.request(this.#headOf(request), streamOptions(request.body)))
      this.#open++
      this.#unused = false
    } catch (thrown) {
      failUnstarted(work, new GatewayError('INTERNAL_ERROR', { cause: thrown }))
    }
  }

  /** No new streams; ends with its last one. */
  close(): void {
    this.#unused = false
    this.#retire()
    this.#http2.close()
  }

  destroy(): void {
    this.#http2.destroy()
    this.#socket.destroy()
  }

  onStreamEnd(): void {
    this.#open--
    if (this.#open === 0) this.#rest()
    this.#events.onRoom()
  }

  #retire(): void {
    this.#retired = true
    if (this.#open === 0) this.#rest()
  }

  #rest(): void {
    if (!this.#retired) {
      this.#timer.refresh()
      return
    }
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#onIdle(), LINGER_MS).unref()
  }

  onBroken(stream: ClientHttp2Stream): void {
    outlive(this.#native, stream)
  }

  // Only on suspicion: servers of gRPC close connections that PING more often than every five minutes.
  onSilence(): void {
    if (this.#probe || this.#retired || this.#http2.destroyed) return
    const waitMs = Math.max(MIN_PROBE_MS, this.#settings.connectTimeoutMs)
    this.#probe = setTimeout(() => this.destroy(), waitMs).unref()
    this.#http2.ping((error) => {
      clearTimeout(this.#probe)
      this.#probe = undefined
      if (!error) this.#events.onRoom()
    })
  }

  #headOf({ method, path, headers, expectsContinue }: Outgoing): string[] {
    const line = { method, path, scheme: this.#scheme, authority: this.#settings.origin.host }
    const head = toRequestHead(line, headers)
    if (expectsContinue) head.push('expect', '100-continue')
    return head
  }

  #onSettings({ maxConcurrentStreams }: Settings): void {
    this.#allowed = Math.min(maxConcurrentStreams ?? STREAMS_PER_SESSION, STREAMS_PER_SESSION)
    if (!this.ready) {
      this.ready = true
      this.#native = nativeSession(this.#http2)
      clearTimeout(this.#timer)
      this.#timer = setTimeout(() => this.#onIdle(), this.#settings.idleTimeoutMs).unref()
    }
    this.#events.onRoom()
  }

  #onIdle(): void {
    if (this.#open > 0) return
    // node:http2 would wait for ever for a peer that does not close its half.
    if (this.#retired) this.destroy()
    else this.close()
  }

  #giveUp(): void {
    this.#http2.destroy(new GatewayError('UPSTREAM_CONNECT_TIMEOUT', { unprocessed: true }))
    this.#socket.destroy()
  }

  #onClose(): void {
    clearTimeout(this.#timer)
    clearTimeout(this.#probe)
    this.#retired = true
    const error = this.#error ?? new Error('the connection was closed before it was used')
    this.#events.onClosed(this.#unused ? error : undefined)
  }
}

function openSession(socket: Socket, { origin, maxHeaderBytes }: SessionSettings): ClientHttp2Session {
  const options: ClientSessionOptions & { readonly strictSingleValueFields: boolean } = {
    createConnection: () => socket,
    settings: {
      enablePush: false,
      initialWindowSize: STREAM_WINDOW_BYTES,
      maxHeaderListSize: maxHeaderBytes,
    },
    maxHeaderListPairs: MAX_HEADER_PAIRS,
    maxSessionMemory: SESSION_MEGABYTES,
    peerMaxConcurrentStreams: STREAMS_PER_SESSION,
    // What may be said once is the service's to judge; a proxy passes on what came.
    strictSingleValueFields: false,
  }
  return connect(origin, options)
}

function streamOptions(body: BodyStream | undefined): { endStream: boolean; waitForTrailers: boolean } {
  return { endStream: !body, waitForTrailers: body?.trailers !== undefined }
}
