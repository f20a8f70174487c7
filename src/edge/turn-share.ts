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

/** After a turn with a part that took longer to write the next one is for all others. */
const LONG_MS = 0.5

/**
 * A client is costly when each byte to it takes so many times as long as the cheapest did, and a part would be a long one.
 * 64 KiB to one that takes all of them are 0.07 ms, to one whose window is a few hundred bytes 0.6 to 0.8, as the kernel
 * then keeps them in pieces of half of that. Compared, as a slow machine or TLS makes all of them cost more.
 */
const COSTLY_TIMES = 6
const COSTLY_MS_PER_BYTE = LONG_MS / PART_BYTES
/** With less the call itself costs more than its bytes. */
const LEAST_TOLD_BYTES = 8 * 1024

/**
 * So many times as long as a costly part took there is no other one: together they have a fifth of the time. Without it 500
 * such readers who connect within 10 s kept the gateway busy for 50 ms and more on end, though each turn was short. One
 * alone, who takes all at once, gets 14 instead of 32 MB a second.
 */
const COSTLY_RESTS = 4

export interface Moments {
  /** In the next turn of the event loop. */
  nextTurn(run: () => void): void
  after(ms: number, run: () => void): void
  /** Milliseconds. */
  now(): number
}

const REAL: Moments = {
  nextTurn: (run) => void setImmediate(run),
  after: (ms, run) => void setTimeout(run, ms),
  now: () => performance.now(),
}

export class TurnShare {
  readonly #moments: Moments
  readonly #waiting = new Set<() => void>()
  readonly #costly = new Set<() => void>()
  /** When the next costly one may go on. */
  #costlyFrom = 0
  /** Milliseconds. */
  #cheapestPerByte = Number.POSITIVE_INFINITY
  #left = BYTES_PER_TURN
  #hadLong = false
  #counting = false
  #resting = false

  constructor(moments: Moments = REAL) {
    this.#moments = moments
  }

  now(): number {
    return this.#moments.now()
  }

  /**
   * False when this turn has had enough: `goOn` is called in a later one, after those who have waited longer. Without it
   * one socket that could be read and written moved a megabyte at a time: 500 of them held up everybody else for 0.4 s.
   * `ms` is how long it took to write them, where writing sends them.
   */
  spend(bytes: number, ms: number | undefined, goOn: () => void): boolean {
    this.#left -= bytes
    this.#count()
    if (ms !== undefined && this.#noteCost(bytes, ms)) this.#costly.add(goOn)
    else if (bytes < LEAST_BYTES && this.#left >= LEAST_BYTES) return true
    else this.#waiting.add(goOn)
    return false
  }

  /** For one that may have much to send: `goOn` is called in a later turn, after those who have waited longer. */
  wait(goOn: () => void): void {
    this.#waiting.add(goOn)
    this.#count()
  }

  /** True when they were costly. */
  #noteCost(bytes: number, ms: number): boolean {
    if (ms > LONG_MS) this.#hadLong = true
    if (bytes < LEAST_TOLD_BYTES) return false
    const perByte = ms / bytes
    this.#cheapestPerByte = Math.min(this.#cheapestPerByte, perByte)
    if (perByte <= Math.max(COSTLY_MS_PER_BYTE, COSTLY_TIMES * this.#cheapestPerByte)) return false
    this.#costlyFrom = this.#moments.now() + COSTLY_RESTS * ms
    return true
  }

  #count(): void {
    if (this.#counting) return
    this.#counting = true
    this.#moments.nextTurn(() => {
      this.#counting = false
      this.#begin()
    })
  }

  #begin(): void {
    this.#left = BYTES_PER_TURN
    if (this.#hadLong) {
      this.#hadLong = false
      this.#count()
      return
    }
    const rest = this.#costlyFrom - this.#moments.now()
    const [goOn] = rest <= 0 && this.#costly.size > 0 ? this.#costly : this.#waiting
    if (goOn) this.#letGo(goOn)
    // Whoever goes on may have nothing more to send: the next one does not wait for that.
    if (this.#waiting.size > 0) this.#count()
    else if (this.#costly.size > 0) this.#beginAfter(rest)
  }

  #beginAfter(ms: number): void {
    if (this.#resting) return
    this.#resting = true
    this.#moments.after(Math.max(1, ms), () => {
      this.#resting = false
      this.#begin()
    })
  }

  #letGo(goOn: () => void): void {
    this.#waiting.delete(goOn)
    this.#costly.delete(goOn)
    // Ahead of what it moves, which comes with the next poll.
    this.#left -= PART_BYTES
    goOn()
  }
}
