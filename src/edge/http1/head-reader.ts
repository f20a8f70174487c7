// Bytes of a connection -> the text of one head, which may come in pieces, or never come to its end.
import { assertText } from '../../http1/message-text.ts'
import { mayBeHead } from './head-text.ts'
import { malformed } from './malformed.ts'

const HEAD_END = '\r\n\r\n'
const LINE_END = '\r\n'
const CR = '\r'
const CARRIAGE_RETURN = 13
const LINE_FEED = 10

export class HeadReader {
  readonly #maxBytes: number
  readonly #onHead: (text: string) => void
  /** Of a head whose end has not come. */
  #held = ''

  /** `onHead` is told the lines of a head without the empty one. */
  constructor(maxBytes: number, onHead: (text: string) => void) {
    this.#maxBytes = maxBytes
    this.#onHead = onHead
  }

  /** True in the middle of a head. */
  get hasPart(): boolean {
    return this.#held !== ''
  }

  /** Takes some of the bytes from `from` on; returns the first one that it has not taken. Throws what `malformed` makes. */
  take(bytes: Buffer, from: number): number {
    if (this.#held === CR && bytes[from] === LINE_FEED) {
      this.#held = ''
      return from + 1
    }
    const at = this.#held === '' ? skipEmptyLines(bytes, from) : from
    const end = this.#held === '' ? bytes.indexOf(HEAD_END, at) : -1
    if (end < 0) return this.#takePart(bytes, at)
    if (end + HEAD_END.length - at > this.#maxBytes) throw malformed('a head over its limit', 'head')
    const text = bytes.toString('latin1', at, end + LINE_END.length)
    assertText(text, malformed)
    this.#onHead(text)
    return end + HEAD_END.length
  }

  /** Looked at as far as it has come. */
  #takePart(bytes: Buffer, at: number): number {
    const before = this.#held.length
    const text = this.#held + bytes.toString('latin1', at, Math.min(bytes.length, at + this.#maxBytes + 1))
    const end = text.indexOf(HEAD_END, Math.max(0, before - 3))
    const length = end < 0 ? text.length : end + HEAD_END.length
    if (length > this.#maxBytes) throw malformed('a head over its limit', 'head')
    // From the last byte on that alone did not say whether it is half a line's end.
    assertText(text.slice(this.#held.endsWith('\r') ? before - 1 : before, length), malformed)
    // Half an empty line is ahead of a head, not a part of it.
    if (text !== CR && !mayBeHead(text)) throw malformed('no method')
    if (end < 0) {
      this.#held = text
      return bytes.length
    }
    this.#held = ''
    this.#onHead(text.slice(0, end + LINE_END.length))
    return at + length - before
  }
}

// RFC 9112 section 2.2: old clients send one behind a body.
function skipEmptyLines(bytes: Buffer, from: number): number {
  let at = from
  while (bytes[at] === CARRIAGE_RETURN && bytes[at + 1] === LINE_FEED) at += LINE_END.length
  return at
}
