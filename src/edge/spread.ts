// Clients that are late together are given up by and by: each is work for its service as well, which hears of all of them.
import type { Clock } from '../plugin.ts'

const TICK_MS = 5
/** Of those that wait, in a tick: of 500 the last one ends after 1.3 s. */
const PART = 1 / 100
/** However many wait: about what a turn of the event loop may take. */
const MOST_IN_A_TICK = 16

export class Spread {
  readonly #clock: Clock
  readonly #waiting: (() => void)[] = []
  #isResting = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Now, or behind those that wait. `end` finds out by itself whether there is still something to end. */
  run(end: () => void): void {
    if (this.#isResting) {
      this.#waiting.push(end)
      return
    }
    this.#rest()
    end()
  }

  #rest(): void {
    this.#isResting = true
    this.#clock.after(TICK_MS, () => {
      this.#isResting = false
      const count = Math.min(Math.ceil(this.#waiting.length * PART), MOST_IN_A_TICK)
      if (count === 0) return
      // First, and one by one: whatever goes wrong with one of them, the others have their turn.
      this.#rest()
      for (let ended = 0; ended < count; ended++) this.#waiting.shift()!()
    })
  }
}
