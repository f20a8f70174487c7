// The response on an HTTP/2 stream, written as the edge writes responses.
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { Duplex } from 'node:stream'
import { type HeaderList, isFieldName, isFieldValue } from '../../headers.ts'
import type { ClientResponse } from '../client-request.ts'

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR, NGHTTP2_NO_ERROR } = constants

// RFC 9113 section 8.2.2: these belong to connections of HTTP/1.
const CONNECTION_FIELDS: ReadonlySet<string> = new Set([
  'connection',
  'http2-settings',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
])
const MAX_STATUS = 599

export class Http2Response implements ClientResponse {
  readonly req = { httpVersion: '2.0' }
  readonly #stream: ServerHttp2Stream
  readonly #isRequestComplete: () => boolean
  #head: OutgoingHttpHeaders = Object.create(null)
  #trailers: OutgoingHttpHeaders | undefined
  #ended = false
  /** Its trailers, or the word that there are none, follow when all of its body has been sent. */
  #isStreamed = false
  readonly #giveUp = () => this.#stream.close(NGHTTP2_CANCEL)

  constructor(stream: ServerHttp2Stream, isRequestComplete: () => boolean) {
    this.#stream = stream
    this.#isRequestComplete = isRequestComplete
  }

  get destroyed(): boolean {
    return this.#stream.destroyed || this.#stream.closed
  }

  get headersSent(): boolean {
    return this.#stream.headersSent
  }

  get writableEnded(): boolean {
    return this.#ended
  }

  /** Never 0 before all is out: node hands its frames on later. */
  get writableLength(): number {
    return this.destroyed ? 0 : this.#stream.writableLength + 1
  }

  get writableFinished(): boolean {
    // A stream may close before node has told its writable side that all was sent.
    return this.#ended && !this.#stream.aborted && this.#stream.rstCode === NGHTTP2_NO_ERROR
  }

  on(event: 'close' | 'drain', listener: () => void): this {
    this.#stream.on(event, listener)
    return this
  }

  setTimeout(ms: number): void {
    this.#stream.setTimeout(ms, this.#giveUp)
  }

  writeContinue(): void {
    this.#stream.additionalHeaders({ ':status': 100 })
  }

  writeInformation(status: number, pairs: readonly string[]): void {
    this.#stream.additionalHeaders({ ...toHeaders(pairs), ':status': status })
  }

  /** Kept until it is known whether a body follows: a short answer then takes one frame less. */
  writeHead(status: number, _reason: string | undefined, pairs: readonly string[]): void {
    if (status > MAX_STATUS) throw new RangeError(`HTTP/2 has no status ${status}`)
    this.#head = toHeaders(pairs)
    this.#head[':status'] = status
  }

  flushHeaders(): void {
    if (this.headersSent || this.destroyed) return
    this.#isStreamed = true
    this.#stream.respond(this.#head, { waitForTrailers: true })
    this.#stream.on('wantTrailers', () => this.#stream.sendTrailers(this.#trailers ?? {}))
  }

  write(chunk: Buffer): boolean {
    this.flushHeaders()
    return !this.destroyed && this.#stream.write(chunk)
  }

  addTrailers(trailers: readonly [string, string][]): void {
    this.#trailers = toHeaders(trailers.flat())
  }

  end(body?: Buffer | string, encoding?: 'latin1'): void {
    this.#ended = true
    if (this.destroyed) return
    if (this.#trailers) this.flushHeaders()
    if (!this.headersSent) this.#stream.respond(this.#head, { endStream: body === undefined })
    // To HEAD, 204 and 304 the library has sent the end already, with the head.
    const isOver = this.#stream.writableEnded
    if (body === undefined || isOver) this.#stream.end()
    else if (typeof body === 'string') this.#stream.end(body, encoding!)
    else this.#stream.end(body)
    if (!this.#isRequestComplete()) this.#stopRequest(isOver)
  }

  /**
   * RFC 9113 section 8.1: the rest of it is of no use any more, and says so without an error. Behind the last frame, which
   * is written in this turn: of a stream that is closed node sends no trailers and no end.
   */
  #stopRequest(isOver: boolean): void {
    const stop = () => void setImmediate(() => this.destroyed || this.#stream.close(NGHTTP2_NO_ERROR))
    if (isOver) stop()
    else this.#stream.once(this.#isStreamed ? 'wantTrailers' : 'finish', stop)
  }

  /** RFC 8441 section 5: the stream is the connection, and a 200 without a proof says so. */
  switchProtocols(headers: HeaderList): Duplex {
    headers.remove('sec-websocket-accept')
    this.writeHead(200, undefined, headers.pairs)
    this.#stream.respond(this.#head)
    this.#ended = true
    return this.#stream
  }

  /** Cut, never a clean end. */
  destroy(): void {
    this.#stream.close(NGHTTP2_INTERNAL_ERROR)
  }
}

/** Throws a TypeError on what must not be written. */
function toHeaders(pairs: readonly string[]): OutgoingHttpHeaders {
  const headers: Record<string, string | string[]> = Object.create(null)
  for (let at = 0; at < pairs.length; at += 2) {
    const name = pairs[at]!.toLowerCase()
    const value = pairs[at + 1]!
    if (CONNECTION_FIELDS.has(name)) continue
    if (!isFieldName(name) || !isFieldValue(value)) throw new TypeError(`cannot be written: ${name}`)
    const before = headers[name]
    if (before === undefined) headers[name] = value
    else headers[name] = typeof before === 'string' ? [before, value] : [...before, value]
  }
  return headers
}
