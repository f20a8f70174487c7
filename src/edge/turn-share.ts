// How much of what can wait is done in one turn of the event loop: bodies go out by and by.

/** What a transfer that was held moves when it goes on: one read of a socket. */
const PART_BYTES = 64 * 1024

/**
 * A part of one that waits, and half as much for those who send little meanwhile: everybody waits for it, in each turn that a
 * request takes. Measured with 64 KiB in all: while 300 readers who take nothing connected within 6 s, 220 to 294 of 4,800
 * other requests took more than 5 ms (three runs), and 571 where eight parts went out in a turn (one run). 16 downloads of a
 * MB at once cost 0.81 instead of 0.76 ms of CPU each, a hundred the same (one run).
 */
const BYTES_PER_TURN = 2 * PART_BYTES

/**
 * What moves that much has had its read of this turn, and with less left the turn has had enough: half a part, as framing
 * makes a body a few bytes less than what was read. Without it each went on twice in its turn.
 */
const LEAST_BYTES = PART_BYTES / 2

/**
 * After a turn with a part that took longer the next one is for all others. 64 KiB to a client that takes all of them are
 * 0.07 ms, to one whose window is a few hundred bytes 0.6 to 0.8, as the kernel then keeps them in pieces of half of that.
 */
const LONG_TURN_MS = 0.5

export class TurnShare {
  readonly #nextTurn: (run: () => void) => void
  readonly #waiting = new Set<() => void>()
  readonly #now: () => number
  #left = BYTES_PER_TURN
  #counting = false
  /** When the last part was let go on; never, once its turn was found to be a long one. */
  #wentOnAt = Number.POSITIVE_INFINITY

  constructor(nextTurn: (run: () => void) => void = setImmediate, now = () => performance.now()) {
    this.#nextTurn = nextTurn
    this.#now = now
  }

  /**
   * False when this turn has had enough: `goOn` is called in a later one, after those who have waited longer. Without it
   * one socket that could be read and written moved a megabyte at a time: 500 of them held up everybody else for 0.4 s.
   */
  spend(bytes: number, goOn: () => void): boolean {
    this.#left -= bytes
    this.#count()
    if (bytes < LEAST_BYTES && this.#left >= LEAST_BYTES) return true
    this.wait(goOn)
    return false
  }

  /** For one that may have much to send: `goOn` is called in a later turn, after those who have waited longer. */
  wait(goOn: () => void): void {
    this.#waiting.add(goOn)
    this.#count()
  }

  #count(): void {
    if (this.#counting) return
    this.#counting = true
    this.#nextTurn(() => this.#begin())
  }

  #begin(): void {
    this.#counting = false
    this.#left = BYTES_PER_TURN
    const [goOn] = this.#waiting
    if (!goOn) return
    const now = this.#now()
    const tookLong = now - this.#wentOnAt > LONG_TURN_MS
    this.#wentOnAt = tookLong ? Number.POSITIVE_INFINITY : now
    if (tookLong) this.#count()
    else this.#letGo(goOn)
  }

  #letGo(goOn: () => void): void {
    this.#waiting.delete(goOn)
    // Whoever goes on may have nothing more to send: the next one does not wait for that.
    if (this.#waiting.size > 0) this.#count()
    // Ahead of what it moves, which comes with the next poll.
    this.#left -= PART_BYTES
    goOn()
  }
}
