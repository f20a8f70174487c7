// A request on a connection of HTTP/1: its head, and its body as bytes come, handed on when somebody wants them.
import type { Socket } from 'node:net'
import type { GatewayError } from '../../errors.ts'
import { FieldNames } from '../../headers.ts'
import { ChunkedBody } from '../../http1/chunked-body.ts'
import { assertText } from '../../http1/message-text.ts'
import type { ClientRequest } from '../client-request.ts'
import { type RequestHead, readRequestHead } from '../request-head.ts'
import { asksForWebSocket } from '../web-socket-handshake.ts'
import { type HeadText, readPairs } from './head-text.ts'
import { malformed } from './malformed.ts'

export interface BodyLimits {
  /** How many fields a head may have. */
  readonly headers: number
  /** Bytes of its trailers. */
  readonly headerBytes: number
}

/** Chunks that nobody reads yet are kept in so many pieces: each is an object, which of a byte weighs sixty times as much. */
const MAX_PIECES = 64

/** Whoever merges trailers with the head would read another message. */
const FRAMING = new FieldNames(['content-length', 'transfer-encoding'])

/** What a body may keep its connection from. */
export interface Flow {
  /** Nothing is wanted now. */
  pause(): void
  resume(): void
}

export class Http1Request implements ClientRequest {
  readonly socket: Socket
  readonly method: string
  /** The framework writes its own there, and this one into the next. */
  url: string
  originalUrl = ''
  readonly headers: Record<string, string | undefined>
  readonly rawHeaders: string[]
  rawTrailers: string[] = []
  readonly httpVersionMajor: number
  readonly httpVersionMinor: number
  readonly httpVersion: '1.0' | '1.1'
  readonly upgrade: boolean
  complete = false
  destroyed = false
  readableEnded = false
  readonly #head: RequestHead | GatewayError
  readonly #flow: Flow
  #left = 0
  #chunks: ChunkedBody | undefined
  #isFlowing = false
  #kept: Buffer[] = []
  #onData: ((chunk: Buffer) => void) | undefined
  readonly #onEnd: (() => void)[] = []
  readonly #onGone: (() => void)[] = []

  constructor(text: HeadText, socket: Socket, { limits, flow }: { limits: BodyLimits; flow: Flow }) {
    this.socket = socket
    this.method = text.method
    this.url = text.target
    this.rawHeaders = text.pairs
    this.httpVersionMajor = text.major
    this.httpVersionMinor = text.minor
    this.httpVersion = text.minor === 0 ? '1.0' : '1.1'
    this.#flow = flow
    this.#head = readHead(text.pairs, limits.headers)
    this.headers = { host: undefined }
    this.upgrade = false
    if ('code' in this.#head) return
    this.headers['host'] = this.#head.host
    this.upgrade = text.minor === 1 && asksForWebSocket(this.#head)
    this.#left = this.#head.contentLength ?? 0
    if (this.#head.chunked) this.#chunks = new ChunkedBody(limits.headerBytes, malformed)
    else this.complete = this.#left === 0
  }

  get head(): RequestHead {
    if ('code' in this.#head) throw this.#head
    return this.#head
  }

  /** False when nobody knows where it ends: nothing behind its head can be read. */
  get isFramed(): boolean {
    return !('code' in this.#head)
  }

  /** True when the connection may carry another one, as far as this one is concerned. */
  get keepsAlive(): boolean {
    if ('code' in this.#head || this.upgrade) return false
    return this.httpVersionMinor === 0 ? this.#head.keepsAlive && !this.#head.closes : !this.#head.closes
  }

  on(event: 'data', listener: (chunk: Buffer) => void): this
  on(event: 'end' | 'error' | 'close', listener: () => void): this
  on(event: string, listener: ((chunk: Buffer) => void) | (() => void)): this {
    if (event === 'data') {
      this.#onData = listener
      this.resume()
    } else if (event === 'end') this.#onEnd.push(listener as () => void)
    else if (event === 'close') this.#onGone.push(listener as () => void)
    return this
  }

  pause(): void {
    this.#isFlowing = false
  }

  resume(): void {
    if (this.#isFlowing) return
    this.#isFlowing = true
    // Later: whoever asks for it may not be ready to be told at once.
    process.nextTick(goOn, this)
  }

  /** Takes some of the bytes from `at` on; returns the first one that is not its. Throws what `malformed` makes. */
  take(bytes: Buffer, at: number): number {
    let from = at
    while (from < bytes.length && !this.complete) from = this.#step(bytes, from)
    if (this.#kept.length > MAX_PIECES) this.#kept = [Buffer.concat(this.#kept)]
    if (this.complete) this.#tellEnd()
    else if (!this.#isFlowing) this.#flow.pause()
    return from
  }

  /** The connection has ended, or what comes is no body. */
  fail(): void {
    if (this.destroyed) return
    this.destroyed = true
    this.#kept = []
    if (!this.readableEnded) for (const listener of this.#onGone) listener()
  }

  #step(bytes: Buffer, at: number): number {
    if (this.#chunks) return this.#takeChunks(bytes, at, this.#chunks)
    const to = Math.min(bytes.length, at + this.#left)
    this.#left -= to - at
    this.complete = this.#left === 0
    this.#tell(bytes, at, to)
    return to
  }

  #takeChunks(bytes: Buffer, at: number, chunks: ChunkedBody): number {
    const to = chunks.take(bytes, at, (from, until) => this.#tell(bytes, from, until))
    if (chunks.done) {
      if (chunks.trailerLines !== '') this.rawTrailers = readTrailers(chunks.trailerLines)
      this.complete = true
    }
    return to
  }

  #tell(bytes: Buffer, from: number, to: number): void {
    const chunk = from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to)
    if (this.#isFlowing && this.#kept.length === 0) this.#onData?.(chunk)
    else this.#kept.push(chunk)
  }

  #tellEnd(): void {
    if (!this.#isFlowing || this.#kept.length > 0 || this.readableEnded || this.destroyed) return
    this.readableEnded = true
    for (const listener of this.#onEnd) listener()
  }

  goOn(): void {
    while (this.#isFlowing && this.#kept.length > 0) {
      const chunk = this.#kept.shift()!
      this.#onData?.(chunk)
    }
    if (!this.#isFlowing || this.destroyed) return
    if (this.complete) this.#tellEnd()
    else this.#flow.resume()
  }
}

function goOn(request: Http1Request): void {
  request.goOn()
}

function readHead(pairs: readonly string[], maxFields: number): RequestHead | GatewayError {
  try {
    return readRequestHead(pairs, maxFields)
  } catch (thrown) {
    return thrown as GatewayError
  }
}

function readTrailers(text: string): string[] {
  assertText(text, malformed)
  const pairs = readPairs(text, 0)
  for (let at = 0; at < pairs.length; at += 2) {
    if (FRAMING.has(pairs[at]!)) throw malformed('a framing field behind a body')
  }
  return pairs
}
