// Commands of one phase of a turn in one write: each write is a call of the system, and may wake the other end.
import type { Writable } from 'node:stream'

export class OneWrite {
  #held: Writable | undefined

  /** What is written from now on waits until all that runs now has run. */
  hold(stream: Writable): void {
    if (this.#held !== undefined) return
    this.#held = stream
    stream.cork()
    process.nextTick(this.#release)
  }

  readonly #release = (): void => {
    this.#held!.uncork()
    this.#held = undefined
  }
}
