// Time that stands still while this process gets no CPU: on a machine that is busy with others, a bound on a wait can
// be compared with nothing else.

const TICK_MS = 5

export class ProcessTime {
  #ticks = 0
  // A timer that repeats is set anew each time that it has run: what was missed is not made up for.
  readonly #timer = setInterval(() => this.#ticks++, TICK_MS)

  /** Milliseconds since the start, in steps of five; never ahead of the clock on the wall. */
  now(): number {
    return this.#ticks * TICK_MS
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
