// A body in chunks (RFC 9112 section 7.1): bytes -> data and trailers, with no second way to write a chunk.
import { mayTrail } from '../../headers.ts'
import { assertText, readFields } from './fields.ts'
import { invalid } from './invalid.ts'

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
  #state: State = 'size'
  /** Of a line whose end has not come. */
  #held = ''
  /** Bytes of the chunk that have not come. */
  #left = 0
  #extensions = 0
  #trailerLines = ''
  /** Set with the end. */
  trailers: readonly string[] = []

  constructor(maxTrailers: number) {
    this.#maxTrailers = maxTrailers
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
    if (this.#held.length + to - at > max) throw invalid('a line of a chunk that is too long')
    const text = this.#held + bytes.toString('latin1', at, to)
    this.#held = feed < 0 ? text : ''
    if (feed >= 0) this.#onLine(text)
    return to
  }

  #onLine(text: string): void {
    if (!text.endsWith('\r\n')) throw invalid('a bare line feed in a chunk')
    if (this.#state === 'size') this.#onSize(text.slice(0, -2))
    else if (this.#state === 'trailers') this.#onTrailer(text)
    else if (text.length === 2) this.#state = 'size'
    else throw invalid('a chunk longer than its size')
  }

  #onSize(line: string): void {
    if (!SIZE_LINE.test(line)) throw invalid('a chunk size that is none')
    const semicolon = line.indexOf(';')
    if (semicolon >= 0) this.#extensions += line.length - semicolon
    if (this.#extensions > MAX_EXTENSIONS) throw invalid('too many chunk extensions')
    this.#left = Number.parseInt(line, 16)
    this.#state = this.#left === 0 ? 'trailers' : 'data'
  }

  #onTrailer(text: string): void {
    if (text.length > 2) {
      this.#trailerLines += text
      if (this.#trailerLines.length > this.#maxTrailers) throw invalid('too many trailers')
      return
    }
    if (this.#trailerLines !== '') this.trailers = readTrailers(this.#trailerLines)
    this.#state = 'done'
  }
}

/** Flat pairs, without what counts only in a head: recipients merge the two. */
function readTrailers(text: string): string[] {
  assertText(text)
  const { pairs, length } = readFields(text, 0)
  if (length !== undefined) throw invalid('a length behind chunks')
  const trailers: string[] = []
  for (let at = 0; at < pairs.length; at += 2) {
    if (mayTrail(pairs[at]!.toLowerCase())) trailers.push(pairs[at]!, pairs[at + 1]!)
  }
  return trailers
}
