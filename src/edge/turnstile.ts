// Clients that are new come in a few at a time, so that those who are served already are served in between.
import type { Clock } from '../plugin.ts'

/** Who has waited that long goes before those who came later. */
const LONG_MS = 1000

/** With one, a new connection cost 1.1 times the CPU; with eight, others waited longer in a herd. */
const IN_A_TURN = 4

/** Work that a new client makes: a handshake, a session, a first request. */
type Begin = () => void

interface Waiting {
  readonly begin: Begin
  readonly sinceMs: number
}

/**
 * Lets some begin in each turn of the event loop. Who waits is bounded by the connections there may be.
 *
 * Clients that all connect at once are accepted one by one, but then ask at once: 1,500 requests that were ready together,
 * each with a connection to its target to be made, were turns of up to 85 ms for everybody else.
 */
export class Turnstile {
  readonly #clock: Clock
  readonly #nextTurn: (run: () => void) => void
  /** In the order in which they came. */
  readonly #waiting: Waiting[] = []
  /** Who may still begin in this turn. */
  #left = IN_A_TURN

  constructor(clock: Clock, nextTurn: (run: () => void) => void = setImmediate) {
    this.#clock = clock
    this.#nextTurn = nextTurn
  }

  /** Now, or in a later turn. `begin` finds out by itself that its client has gone meanwhile. */
  pass(begin: Begin): void {
    if (this.#left === 0) {
      this.#waiting.push({ begin, sinceMs: this.#clock.now() })
      return
    }
    this.#take()
    begin()
  }

  #take(): void {
    if (this.#left-- === IN_A_TURN) this.#nextTurn(() => this.#letIn())
  }

  #letIn(): void {
    this.#left = IN_A_TURN
    for (let next = this.#next(); next !== undefined; next = this.#left > 0 ? this.#next() : undefined) {
      // First: whatever goes wrong with this one, the others are let in.
      this.#take()
      next.begin()
    }
  }

  // The newest first: in a herd it is one client that waits for long, and not each that comes.
  #next(): Waiting | undefined {
    const [oldest] = this.#waiting
    if (oldest === undefined) return undefined
    const isLate = this.#clock.now() - oldest.sinceMs >= LONG_MS
    return isLate ? this.#waiting.shift() : this.#waiting.pop()
  }
}
