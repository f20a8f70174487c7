// Bytes of a connection -> the text of one head, which may come in pieces, or never come to its end.
import { assertText } from '../../http1/message-text.ts'
import { LONGEST_METHOD, mayBeHead } from './head-text.ts'
import { malformed } from './malformed.ts'

const HEAD_END = '\r\n\r\n'
const LINE_END = '\r\n'
const CARRIAGE_RETURN = 13
const LINE_FEED = 10
const NOTHING = Buffer.alloc(0)

export class HeadReader {
  readonly #maxBytes: number
  readonly #onHead: (text: string) => void
  /** Of a head whose end has not come, with room for more: one that comes byte by byte is not copied for each. */
  #held: Buffer = NOTHING
  #length = 0
  /** Half an empty line has come: it is ahead of a head, not a part of it. */
  #hasReturn = false

  /** `onHead` is told the lines of a head without the empty one. */
  constructor(maxBytes: number, onHead: (text: string) => void) {
    this.#maxBytes = maxBytes
    this.#onHead = onHead
  }

  /** True in the middle of a head. */
  get hasPart(): boolean {
    return this.#length > 0
  }

  /** Takes some of the bytes from `from` on; returns the first one that it has not taken. Throws what `malformed` makes. */
  take(bytes: Buffer, from: number): number {
    if (this.#length > 0) return this.#takePart(bytes, from)
    const at = this.#skipEmptyLines(bytes, from)
    const end = bytes.indexOf(HEAD_END, at)
    if (end < 0) return at === bytes.length ? at : this.#takePart(bytes, at)
    if (end + HEAD_END.length - at > this.#maxBytes) throw tooLong()
    const text = bytes.toString('latin1', at, end + LINE_END.length)
    assertText(text, malformed)
    this.#onHead(text)
    return end + HEAD_END.length
  }

  /** Looked at as far as it has come. */
  #takePart(bytes: Buffer, at: number): number {
    const before = this.#length
    const held = this.#hold(bytes.subarray(at, at + this.#maxBytes + 1 - before))
    const end = held.indexOf(HEAD_END, Math.max(0, before - HEAD_END.length + 1))
    const length = end < 0 ? held.length : end + HEAD_END.length
    if (length > this.#maxBytes) throw tooLong()
    // From the last byte on that alone did not say whether it is half a line's end.
    const unseen = held[before - 1] === CARRIAGE_RETURN ? before - 1 : before
    assertText(held.toString('latin1', unseen, length), malformed)
    if (
      before <= LONGEST_METHOD &&
      !mayBeHead(held.toString('latin1', 0, Math.min(length, LONGEST_METHOD + 1)))
    ) {
      throw malformed('no method')
    }
    if (end < 0) return bytes.length
    this.#held = NOTHING
    this.#length = 0
    this.#onHead(held.toString('latin1', 0, end + LINE_END.length))
    return at + length - before
  }

  /** Returns all that has come of the head. */
  #hold(piece: Buffer): Buffer {
    const length = this.#length + piece.length
    if (length > this.#held.length) {
      // Not of the pool: a byte of somebody slow would keep a whole slab.
      const larger = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#length))
      this.#held.copy(larger, 0, 0, this.#length)
      this.#held = larger
    }
    piece.copy(this.#held, this.#length)
    this.#length = length
    return this.#held.subarray(0, length)
  }

  // RFC 9112 section 2.2: old clients send one behind a body.
  #skipEmptyLines(bytes: Buffer, from: number): number {
    let at = from
    for (;;) {
      if (!this.#hasReturn && bytes[at] !== CARRIAGE_RETURN) return at
      const feed = this.#hasReturn ? at : at + 1
      this.#hasReturn = feed === bytes.length
      if (this.#hasReturn) return feed
      if (bytes[feed] !== LINE_FEED) throw malformed('a bare carriage return')
      at = feed + 1
    }
  }
}

function tooLong() {
  return malformed('a head over its limit', 'head')
}
