// A request on an HTTP/2 stream, as the edge sees requests.
import { constants, type ServerHttp2Stream } from 'node:http2'
import type { Socket } from 'node:net'
import type { ClientRequest, Http2Facts } from '../client-request.ts'
import { type RequestHead, readRequestHead } from '../request-head.ts'
import { readHttp2Head } from './http2-head.ts'

const { NGHTTP2_STREAM_STATE_HALF_CLOSED_REMOTE, NGHTTP2_STREAM_STATE_CLOSED } = constants

export interface Carried {
  readonly socket: Socket
  /** How many fields a head may have. */
  readonly maxFields: number
}

export class Http2Request implements ClientRequest {
  readonly httpVersionMajor = 2
  readonly httpVersionMinor = 0
  readonly socket: Socket
  readonly method: string
  /** The framework writes its own there. */
  url: string
  readonly headers: Record<string, string | undefined>
  readonly rawHeaders: string[]
  /** Filled before `end`. */
  rawTrailers: string[] = []
  readonly http2: Http2Facts
  readonly upgrade: boolean
  readonly #stream: ServerHttp2Stream
  readonly #maxFields: number

  constructor(stream: ServerHttp2Stream, raw: readonly string[], { socket, maxFields }: Carried) {
    const { method, target, authority, pairs, upgrade, fault } = readHttp2Head(raw)
    this.socket = socket
    this.method = method
    this.url = target
    this.rawHeaders = pairs
    this.headers = { host: authority }
    this.upgrade = upgrade
    this.http2 = { hasBody: !stream.endAfterHeaders && !upgrade, fault }
    this.#stream = stream
    this.#maxFields = maxFields
    stream.on('trailers', (_trailers: unknown, _flags: unknown, pairsOfTrailers: string[] = []) => {
      this.rawTrailers = pairsOfTrailers
    })
  }

  get head(): RequestHead {
    return readRequestHead(this.rawHeaders, this.#maxFields)
  }

  get destroyed(): boolean {
    return this.#stream.destroyed
  }

  get readableEnded(): boolean {
    return this.#stream.readableEnded
  }

  get complete(): boolean {
    if ((!this.http2.hasBody && !this.upgrade) || this.#stream.readableEnded) return true
    const { state } = this.#stream.state
    return state === NGHTTP2_STREAM_STATE_HALF_CLOSED_REMOTE || state === NGHTTP2_STREAM_STATE_CLOSED
  }

  on(event: string, listener: (...values: never[]) => void): this {
    const heard = event === 'end' ? () => this.#onEnd(listener as () => void) : (listener as () => void)
    this.#stream.on(event, heard)
    return this
  }

  // Node ends what it reads of a stream that was reset as if all of it had arrived.
  #onEnd(listener: () => void): void {
    if (!this.#stream.aborted) listener()
  }

  pause(): void {
    this.#stream.pause()
  }

  resume(): void {
    this.#stream.resume()
  }
}
