// One answer after the other on a connection: bytes in any pieces -> head, data, end. Strict, and of one meaning.
import { ChunkedBody } from '../../http1/chunked-body.ts'
import { assertText } from '../../http1/message-text.ts'
import { readTrailers } from './fields.ts'
import { type Head, mayBeHead, readHead } from './head.ts'
import { invalid } from './invalid.ts'

const HEAD_END = Buffer.from('\r\n\r\n')
/** Informational heads before one answer. */
const MAX_INTERIM = 64

export interface Expected {
  /** To a request with HEAD: its answer has no body, whatever its head says. */
  readonly toHead: boolean
  /** A switch to another protocol was asked for. */
  readonly upgrade: boolean
}

export interface ResponseEvents {
  /** Informational, final, or the 101 that was asked for. */
  onHead(head: Head): void
  /** The bytes are the reader's only for the time of the call. */
  onData(bytes: Buffer): void
}

type State = 'head' | 'length' | 'chunked' | 'to-end' | 'done'

export class ResponseParser {
  readonly #events: ResponseEvents
  readonly #maxHead: number
  #state: State = 'done'
  #expected: Expected = { toHead: false, upgrade: false }
  /** Of a head whose end has not come. */
  #held = ''
  #interim = 0
  #left = 0
  #chunks: ChunkedBody | undefined
  #trailers: readonly string[] = NO_TRAILERS

  constructor(events: ResponseEvents, maxHead: number) {
    this.#events = events
    this.#maxHead = maxHead
  }

  /** An answer is expected. */
  begin(expected: Expected): void {
    this.#expected = expected
    this.#state = 'head'
    this.#interim = 0
    this.#chunks = undefined
    this.#trailers = NO_TRAILERS
  }

  /** The answer has ended, or the 101 has come. */
  get done(): boolean {
    return this.#state === 'done'
  }

  /** Of the answer that has ended. */
  get trailers(): readonly string[] {
    return this.#trailers
  }

  /** Returns how many of the bytes are the answer's. Throws a GatewayError where they are none. */
  take(bytes: Buffer): number {
    let at = 0
    while (at < bytes.length && this.#state !== 'done') at = this.#step(bytes, at)
    return at
  }

  /** The connection has ended: false where that cuts the answer short. */
  end(): boolean {
    if (this.#state === 'to-end') this.#state = 'done'
    return this.#state === 'done'
  }

  #step(bytes: Buffer, at: number): number {
    switch (this.#state) {
      case 'head':
        return this.#takeHead(bytes, at)
      case 'length':
        return this.#takeLength(bytes, at)
      case 'chunked':
        return this.#takeChunks(bytes, at)
      default:
        this.#events.onData(at === 0 ? bytes : bytes.subarray(at))
        return bytes.length
    }
  }

  #takeHead(bytes: Buffer, at: number): number {
    const end = this.#held === '' ? bytes.indexOf(HEAD_END, at) : -1
    if (end < 0) return this.#takePart(bytes, at)
    if (end + HEAD_END.length - at > this.#maxHead) throw tooLong()
    const text = bytes.toString('latin1', at, end + 2)
    assertText(text, invalid)
    this.#onHead(text)
    return end + HEAD_END.length
  }

  /** A head that comes in pieces: looked at as far as it has come, as its end may never come. */
  #takePart(bytes: Buffer, at: number): number {
    const before = this.#held.length
    const text = this.#held + bytes.toString('latin1', at, Math.min(bytes.length, at + this.#maxHead + 1))
    const end = text.indexOf('\r\n\r\n', Math.max(0, before - 3))
    const length = end < 0 ? text.length : end + HEAD_END.length
    if (length > this.#maxHead) throw tooLong()
    // From the last byte on that alone did not say whether it is half a line's end.
    assertText(text.slice(this.#held.endsWith('\r') ? before - 1 : before, length), invalid)
    if (!mayBeHead(text)) throw invalid('no status line')
    if (end < 0) {
      this.#held = text
      return bytes.length
    }
    this.#held = ''
    this.#onHead(text.slice(0, end + 2))
    return at + length - before
  }

  #onHead(text: string): void {
    const { toHead, upgrade } = this.#expected
    const head = readHead(text, toHead)
    if (head.status === 101) {
      if (!upgrade) throw invalid('a switch that nobody asked for')
      this.#state = 'done'
    } else if (head.status < 200) {
      // A connection that ends with it has no room for the answer.
      if (!head.keepAlive) throw invalid('an informational head that is the last')
      if (++this.#interim > MAX_INTERIM) throw invalid('too many informational heads')
    } else this.#expectBody(head)
    this.#events.onHead(head)
  }

  #expectBody({ framing, length }: Head): void {
    this.#left = length
    if (framing === 'chunked') this.#chunks = new ChunkedBody(this.#maxHead, invalid)
    this.#state = AFTER_HEAD[framing]
  }

  #takeLength(bytes: Buffer, at: number): number {
    const to = Math.min(bytes.length, at + this.#left)
    this.#left -= to - at
    if (this.#left === 0) this.#state = 'done'
    this.#events.onData(bytes.subarray(at, to))
    return to
  }

  #takeChunks(bytes: Buffer, at: number): number {
    const chunks = this.#chunks!
    const to = chunks.take(bytes, at, (from, until) => this.#events.onData(bytes.subarray(from, until)))
    if (chunks.done) {
      this.#state = 'done'
      if (chunks.trailerLines !== '') this.#trailers = readTrailers(chunks.trailerLines)
    }
    return to
  }
}

const AFTER_HEAD = { none: 'done', length: 'length', chunked: 'chunked', end: 'to-end' } as const
const NO_TRAILERS: readonly string[] = []

function tooLong() {
  return invalid('a head over its limit')
}
