// One direction of a tunnel: bytes as they come, with backpressure, until they end or a last word is said.
import type { Duplex } from 'node:stream'
import { FrameTracker } from './frame-tracker.ts'

export class Relay {
  bytes = 0
  /** The last word has been said: what still comes is not passed on. */
  over = false
  readonly #from: Duplex
  readonly #to: Duplex
  readonly #onTaken: () => void
  readonly #frames = new FrameTracker()
  #lastWord: Buffer | undefined

  constructor(from: Duplex, to: Duplex, onTaken: () => void) {
    this.#from = from
    this.#to = to
    this.#onTaken = onTaken
    from.on('data', (chunk: Buffer) => this.#take(chunk))
    // Half-closed: the other direction goes on.
    from.on('end', () => to.end())
    to.on('drain', () => from.resume())
  }

  /** The sender has said that it closes. */
  get closed(): boolean {
    return this.#frames.closed
  }

  /** Ends the direction by `frame`, at the end of the frame under way; by nothing when the sender has closed itself. */
  conclude(frame: Buffer): void {
    this.#lastWord = frame
    if (this.#frames.atBoundary) this.#sayLastWord(frame)
  }

  #take(chunk: Buffer): void {
    this.bytes += chunk.length
    const lastWord = this.over ? undefined : this.#lastWord
    const taken = this.#frames.push(chunk, lastWord !== undefined)
    if (!this.over) this.#forward(taken < chunk.length ? chunk.subarray(0, taken) : chunk)
    if (lastWord && this.#frames.atBoundary) this.#sayLastWord(lastWord)
    this.#onTaken()
  }

  #forward(bytes: Buffer): void {
    if (!this.#to.writable) return
    if (!this.#to.write(bytes)) this.#from.pause()
  }

  #sayLastWord(frame: Buffer): void {
    this.over = true
    if (!this.closed && this.#to.writable) this.#to.write(frame)
    // Whether it answers can only be seen by reading on.
    this.#from.resume()
  }
}
