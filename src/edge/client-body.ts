// The client's body: read once from the socket, handed to one attempt at a time, kept for another when asked.
import { GatewayError } from '../errors.ts'
import { NO_NAMES } from '../headers.ts'
import type { BodyStream, RequestBody } from '../plugin.ts'
import { BodyReader } from './body-reader.ts'
import type { ClientRequest } from './client-request.ts'
import { OwnBytes, own } from './own-bytes.ts'
import { announcesTrailers, forwardableTrailers } from './request-trailers.ts'

/** Chunks below this that came at once are passed on as one, so many of them at most. */
const SMALL_BYTES = 1024
const MAX_PIECES = 4096

export interface BodyFraming {
  readonly contentLength: number | undefined
  readonly chunked: boolean
  /** True when the client waits for `100 Continue` before it sends it. */
  readonly expectsContinue?: boolean
}

export class ClientBody implements RequestBody {
  readonly present: boolean
  readonly length: number | undefined
  /** Bytes that have arrived. */
  received = 0
  /** Called once, when the first byte is wanted. */
  onWanted: (() => void) | undefined
  /** Names of trailers that are not passed on. */
  refusedTrailers = NO_NAMES
  /** Called once, when somebody begins to read. */
  onOpened: ((body: ClientBody) => void) | undefined
  readonly #source: ClientRequest
  #limit = Number.POSITIVE_INFINITY
  #retainLimit = 0
  /** All that has come can be had again. */
  #isKept = true
  #kept: OwnBytes | undefined
  /** Small chunks of this turn of the event loop. */
  #pieces: Buffer[] = []
  #opened = false
  /** The service takes nothing yet, or no more for now. */
  #full = true
  #ended = false
  #failure: Error | undefined
  #reader: BodyReader | undefined

  constructor(source: ClientRequest, framing: BodyFraming) {
    this.#source = source
    this.length = framing.contentLength
    this.present = framing.chunked || (framing.contentLength ?? 0) > 0
  }

  get replayable(): boolean {
    return !this.present || !this.#opened || this.#isKept
  }

  /** True when nothing of the body is left on the connection. */
  get ended(): boolean {
    return !this.present || this.#ended
  }

  get awaitsClient(): boolean {
    return this.present && !this.#source.complete && !this.#full
  }

  get awaitsContinue(): boolean {
    return this.onWanted !== undefined && this.received === 0
  }

  /** True when nothing more will come, whether all of it came or not. */
  get over(): boolean {
    return this.ended || this.#failure !== undefined || this.#source.destroyed
  }

  /** True when the last byte has arrived, read or not. */
  get complete(): boolean {
    return this.#source.complete
  }

  retain(bytes: number): void {
    this.#retainLimit = Math.max(this.#retainLimit, bytes)
    if ((this.length ?? 0) > this.#retainLimit) this.#retainLimit = 0
  }

  limit(bytes: number): void {
    this.#limit = Math.min(this.#limit, bytes)
  }

  open(): BodyReader {
    if (this.#failure) throw this.#failure
    if (!this.replayable)
      throw new GatewayError('INTERNAL_ERROR', { cause: new Error('body was read before') })
    this.#reader?.destroy()
    const reader = new BodyReader({
      onWanted: () => this.#goOn(),
      onGone: () => this.#detach(reader),
      trailers: this.#trailers(),
    })
    this.#reader = reader
    if (!this.#opened) this.#start()
    for (const chunk of this.#kept?.chunks ?? []) reader.push(chunk)
    if (this.#ended) reader.push(null)
    return reader
  }

  /** Lets the rest of an unwanted body run off, so that the connection can end. */
  drain(): void {
    this.#detach(this.#reader)
    this.#source.resume()
  }

  #trailers(): BodyStream['trailers'] {
    // Only a body that its end delimits can have some. In chunks they come for nothing, announced or not.
    if (this.length !== undefined) return undefined
    const { httpVersionMajor, rawHeaders } = this.#source
    if (httpVersionMajor !== 1 && !announcesTrailers(rawHeaders)) return undefined
    return () => forwardableTrailers(this.#source.rawTrailers, this.refusedTrailers)
  }

  #start(): void {
    this.#opened = true
    this.onOpened?.(this)
    this.#source.on('data', (chunk: Buffer) => this.#take(chunk))
    this.#source.on('end', () => this.#end())
    this.#source.on('error', () => this.fail(new GatewayError('CLIENT_CLOSED')))
    this.#source.on('close', () => {
      if (!this.#ended) this.fail(new GatewayError('CLIENT_CLOSED'))
    })
    this.#source.pause()
    // Its `close` was long ago: nobody would tell the reader.
    if (this.#source.destroyed) this.fail(new GatewayError('CLIENT_CLOSED'))
    // An empty one over HTTP/2 ends by itself, also when nobody reads it yet.
    else if (this.#source.readableEnded) this.#end()
  }

  #take(chunk: Buffer): void {
    this.received += chunk.length
    if (this.received > this.#limit) {
      this.fail(new GatewayError('BODY_TOO_LARGE'))
      return
    }
    if (chunk.length < SMALL_BYTES && this.#mayBeMany) this.#gather(chunk)
    else {
      this.passPieces()
      this.#pass(chunk)
    }
  }

  /** Over HTTP/1.1 what has a length comes as it is read from the socket. */
  get #mayBeMany(): boolean {
    return this.length === undefined || this.#source.http2 !== undefined
  }

  // A megabyte in chunks of a byte, each passed on alone, took 4.9 s of CPU here and at the service; so it takes 1.5.
  // Not with nextTick: Node works off its ticks between the chunks of one packet.
  #gather(chunk: Buffer): void {
    const count = this.#pieces.push(chunk)
    if (count === 1) setImmediate(passPieces, this)
    else if (count === MAX_PIECES) this.passPieces()
  }

  passPieces(): void {
    const pieces = this.#pieces
    if (pieces.length === 0) return
    this.#pieces = []
    this.#pass(pieces.length === 1 ? own(pieces[0]!) : Buffer.concat(pieces))
  }

  #pass(chunk: Buffer): void {
    this.#keep(chunk)
    if (this.#reader && !this.#reader.push(chunk)) {
      this.#full = true
      this.#source.pause()
    }
  }

  #keep(chunk: Buffer): void {
    if (!this.#isKept) return
    if (this.received > this.#retainLimit) this.#dropKept()
    else {
      this.#kept ??= new OwnBytes()
      this.#kept.add(chunk)
    }
  }

  #dropKept(): void {
    this.#isKept = false
    this.#kept = undefined
  }

  #end(): void {
    this.passPieces()
    this.#ended = true
    this.#reader?.push(null)
  }

  /** Whoever reads it learns why it ends here. */
  fail(failure: GatewayError): void {
    if (this.#failure || this.#ended) return
    this.#failure = failure
    this.#dropKept()
    this.#pieces = []
    this.#reader?.destroy(failure)
  }

  #goOn(): void {
    this.onWanted?.()
    this.onWanted = undefined
    this.#full = false
    this.#source.resume()
  }

  #detach(reader: BodyReader | undefined): void {
    if (this.#reader !== reader) return
    this.#reader = undefined
    this.#source.pause()
  }
}

function passPieces(body: ClientBody): void {
  body.passPieces()
}
