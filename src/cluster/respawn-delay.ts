// How long a dead worker's place stays empty: not at all after a long life, ever longer in a crash loop.

/** A worker that lived so long did not die of its start. */
const LONG_LIFE_MS = 10_000
const FIRST_MS = 100
const LONGEST_MS = 10_000
/** Workers that die together must not all start together for ever. */
const JITTER = 0.2

export class RespawnDelay {
  readonly #random: () => number
  #shortLives = 0

  constructor(random: () => number) {
    this.#random = random
  }

  /** Milliseconds to wait after a life of `livedMs`. */
  after(livedMs: number): number {
    this.#shortLives = livedMs < LONG_LIFE_MS ? this.#shortLives + 1 : 0
    // The first short life may be chance.
    if (this.#shortLives < 2) return 0
    const ms = Math.min(LONGEST_MS, FIRST_MS * 2 ** (this.#shortLives - 2))
    return ms * (1 - this.#random() * JITTER)
  }
}
