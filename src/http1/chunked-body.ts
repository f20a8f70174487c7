// A body in chunks (RFC 9112 section 7.1): bytes -> data and trailers, with no second way to write a chunk.
import type { Excess, Fault } from './message-text.ts'

const TOKEN = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+"
const QUOTED = '"(?:[\\t\\x20\\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t\\x20-\\x7e\\x80-\\xff])*"'
/** Up to 2^52 bytes; extensions as their grammar has them, but without white space. */
const SIZE_LINE = new RegExp(`^[0-9a-f]{1,13}(?:;${TOKEN}(?:=(?:${TOKEN}|${QUOTED}))?)*$`, 'i')
const MAX_LINE = 1024
/** Extensions of all chunks: they are skipped, and must not cost more than the content (CVE-2023-39326 class). */
const MAX_EXTENSIONS = 16 * 1024
const LINE_FEED = 10

type State = 'size' | 'data' | 'data-end' | 'trailers' | 'done'

export class ChunkedBody {
  readonly #maxTrailers: number
  readonly #fault: Fault
  #state: State = 'size'
  /** Of a line whose end has not come. */
  #held = ''
  /** Bytes of the chunk that have not come. */
  #left = 0
  #extensions = 0
  /** Lines behind the content, each with its CRLF; whole with the end. */
  trailerLines = ''

  /** `maxTrailers` is in bytes. */
  constructor(maxTrailers: number, fault: Fault) {
    this.#maxTrailers = maxTrailers
    this.#fault = fault
  }

  get done(): boolean {
    return this.#state === 'done'
  }

  /** Takes some of the bytes from `at` on; returns the first one that it has not taken. */
  take(bytes: Buffer, at: number, onData: (from: number, to: number) => void): number {
    if (this.#state !== 'data') return this.#takeLine(bytes, at)
    const to = Math.min(bytes.length, at + this.#left)
    this.#left -= to - at
    if (this.#left === 0) this.#state = 'data-end'
    onData(at, to)
    return to
  }

  #takeLine(bytes: Buffer, at: number): number {
    const feed = bytes.indexOf(LINE_FEED, at)
    const to = feed < 0 ? bytes.length : feed + 1
    const max = this.#state === 'trailers' ? this.#maxTrailers : MAX_LINE
    const text = this.#held + bytes.toString('latin1', at, Math.min(to, at + max))
    if (this.#held.length + to - at > max)
      throw this.#fault('a line of a chunk that is too long', this.#excess(text))
    this.#held = feed < 0 ? text : ''
    if (feed >= 0) this.#onLine(text)
    return to
  }

  #onLine(text: string): void {
    if (!text.endsWith('\r\n')) throw this.#fault('a bare line feed in a chunk')
    if (this.#state === 'size') this.#onSize(text.slice(0, -2))
    else if (this.#state === 'trailers') this.#onTrailer(text)
    else if (text.length === 2) this.#state = 'size'
    else throw this.#fault('a chunk longer than its size')
  }

  #onSize(line: string): void {
    if (!SIZE_LINE.test(line)) throw this.#fault('a chunk size that is none')
    const semicolon = line.indexOf(';')
    if (semicolon >= 0) this.#extensions += line.length - semicolon
    if (this.#extensions > MAX_EXTENSIONS) throw this.#fault('too many chunk extensions', 'extensions')
    this.#left = Number.parseInt(line, 16)
    this.#state = this.#left === 0 ? 'trailers' : 'data'
  }

  #onTrailer(text: string): void {
    if (text.length > 2) {
      this.trailerLines += text
      if (this.trailerLines.length > this.#maxTrailers) throw this.#fault('too many trailers', 'head')
      return
    }
    this.#state = 'done'
  }

  #excess(line: string): Excess | undefined {
    if (this.#state === 'trailers') return 'head'
    return this.#state === 'size' && line.includes(';') ? 'extensions' : undefined
  }
}
