// How much of what can wait is done in one turn of the event loop: bodies go out and connections are given up by and by.

/** About a millisecond's work, two where the kernel's memory is not there yet. */
const BYTES_PER_TURN = 512 * 1024

/** What a transfer that was held moves when it goes on: one read of a socket. */
export const PART_BYTES = 64 * 1024

/** More transfers that wait than this get less of each turn, as those who ask for little wait for them in each. */
const MANY = 32
/** Shorter turns cost little: 100 downloads of a MB at once 1.43 instead of 1.40 ms each. */
const BYTES_OF_MANY = 128 * 1024

/** While clients are let in: Node accepts one connection in each turn, so that long turns keep them all waiting. */
const BYTES_BESIDE_ARRIVAL = 64 * 1024

export class TurnShare {
  readonly #nextTurn: (run: () => void) => void
  readonly #waiting = new Set<() => void>()
  #left = BYTES_PER_TURN
  #arrival = false
  #counting = false

  constructor(nextTurn: (run: () => void) => void = setImmediate) {
    this.#nextTurn = nextTurn
  }

  /**
   * False when this turn has had enough: `goOn` is called in a later one, after those who have waited longer. Without it
   * one socket that could be read and written moved a megabyte at a time: 500 of them held up everybody else for 0.4 s.
   */
  spend(bytes: number, goOn: () => void): boolean {
    this.#left -= bytes
    this.#count()
    if (this.#left > 0) return true
    this.#waiting.add(goOn)
    return false
  }

  /** What costs about as much as a part of a body, such as to give a client up: 500 of them at once are 30 ms. */
  take(run: () => void): void {
    if (this.spend(PART_BYTES, run)) run()
  }

  /** A client has connected, and others may wait for the same. */
  onArrival(): void {
    this.#arrival = true
    this.#left = Math.min(this.#left, BYTES_BESIDE_ARRIVAL)
    this.#count()
  }

  #count(): void {
    if (this.#counting) return
    this.#counting = true
    this.#nextTurn(() => this.#begin())
  }

  #share(): number {
    if (this.#arrival) return BYTES_BESIDE_ARRIVAL
    return this.#waiting.size > MANY ? BYTES_OF_MANY : BYTES_PER_TURN
  }

  #begin(): void {
    this.#counting = false
    this.#left = this.#share()
    this.#arrival = false
    for (const goOn of this.#waiting) {
      // Those who go on may have nothing more to send: the others do not wait for them.
      if (this.#left <= 0) {
        this.#count()
        return
      }
      this.#waiting.delete(goOn)
      // Ahead of what it moves: that comes with the next poll, and all who were let go on come in the same one.
      this.#left -= PART_BYTES
      goOn()
    }
  }
}
