// One direction of a tunnel: whole frames as they come, with backpressure, until they end or a last word is said.
import type { Duplex } from 'node:stream'
import { FrameReader } from './frame-reader.ts'
import type { FrameRules } from './frame-rules.ts'

const NOTHING = Buffer.alloc(0)

export interface RelayEvents {
  /** Something has come. */
  onTaken(): void
  /** What the sender has begun must not be passed on; the code says why. */
  onFault(code: number): void
}

export class Relay {
  bytes = 0
  /** The last word has been said: what still comes is not passed on. */
  over = false
  readonly #from: Duplex
  readonly #to: Duplex
  readonly #events: RelayEvents
  readonly #frames: FrameReader
  /** The beginning of a header: half of one on its way would leave no room for a last word. */
  #held = NOTHING
  #lastWord: Buffer | undefined

  constructor([from, to]: readonly [from: Duplex, to: Duplex], rules: FrameRules, events: RelayEvents) {
    this.#from = from
    this.#to = to
    this.#events = events
    this.#frames = new FrameReader(rules)
    from.on('data', (chunk: Buffer) => this.#take(chunk))
    // Half-closed: the other direction goes on.
    from.on('end', () => to.end())
    to.on('drain', () => from.resume())
    // A service's connection comes paused, so that nothing is lost before somebody listens.
    from.resume()
  }

  /** Nothing more is expected of the sender: it has said that it closes, or nothing that it says is understood. */
  get closed(): boolean {
    return this.#frames.closed || this.#frames.fault !== undefined
  }

  /** Ends the direction by `frame`, at the end of the frame under way; by nothing when the sender has closed itself. */
  conclude(frame: Buffer): void {
    this.#lastWord = frame
    if (this.#frames.atBoundary) this.#sayLastWord(frame)
  }

  #take(chunk: Buffer): void {
    this.bytes += chunk.length
    let bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    if (!this.over) bytes = this.#passOn(bytes)
    // Whether it closes is all that is still of interest.
    if (this.over) bytes = bytes.subarray(this.#frames.read(bytes))
    const { fault } = this.#frames
    // Of 13 bytes at most; a copy, as all of the chunk would stay with it.
    this.#held = bytes.length === 0 || fault !== undefined ? NOTHING : Buffer.from(bytes)
    if (fault !== undefined && !this.over) this.#events.onFault(fault)
    this.#events.onTaken()
  }

  /** Returns what is left. */
  #passOn(bytes: Buffer): Buffer {
    const lastWord = this.#lastWord
    const whole = this.#frames.read(bytes, lastWord !== undefined)
    if (whole > 0) this.#forward(whole < bytes.length ? bytes.subarray(0, whole) : bytes)
    if (lastWord && this.#frames.atBoundary) this.#sayLastWord(lastWord)
    return bytes.subarray(whole)
  }

  #forward(bytes: Buffer): void {
    if (!this.#to.writable) return
    if (!this.#to.write(bytes)) this.#from.pause()
  }

  #sayLastWord(frame: Buffer): void {
    this.over = true
    if (!this.#frames.closed && this.#to.writable) this.#to.write(frame)
    // Whether it answers can only be seen by reading on.
    this.#from.resume()
  }
}
