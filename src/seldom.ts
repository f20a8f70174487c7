// Something that would be said again and again, said once in a while and with how often it has happened since.
import type { Clock } from './plugin.ts'

const EVERY_MS = 10_000

export class Seldom {
  readonly #clock: Clock
  #silentUntil = Number.NEGATIVE_INFINITY
  #held = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Calls `say` unless it was called just before; `held`: how often it was not since the last time. */
  say(say: (held: number) => void): void {
    const now = this.#clock.now()
    if (now < this.#silentUntil) {
      this.#held++
      return
    }
    const held = this.#held
    this.#held = 0
    this.#silentUntil = now + EVERY_MS
    say(held)
  }
}
