// By when each command must have been answered: all wait equally long, so one timer for all is enough.
import type { Clock } from '../plugin.ts'

/** One that waits; undefined once it is settled, however that was. */
export interface Awaited {
  onLate: (() => void) | undefined
}

interface Entry extends Awaited {
  readonly dueAt: number
}

export class ReplyDeadlines {
  readonly #clock: Clock
  readonly #timeoutMs: number
  /** In the order of their deadlines. Those that are settled stay until the timer comes by. */
  #entries: Entry[] = []
  #hasTimer = false

  constructor(clock: Clock, timeoutMs: number) {
    this.#clock = clock
    this.#timeoutMs = timeoutMs
  }

  /** Whoever is settled takes its `onLate` away. */
  start(onLate: () => void): Awaited {
    const entry = { dueAt: this.#clock.now() + this.#timeoutMs, onLate }
    this.#entries.push(entry)
    if (!this.#hasTimer) this.#wait(this.#timeoutMs)
    return entry
  }

  #wait(ms: number): void {
    this.#hasTimer = true
    this.#clock.after(ms, () => this.#look())
  }

  #look(): void {
    this.#hasTimer = false
    const now = this.#clock.now()
    const first = this.#entries.findIndex(({ onLate, dueAt }) => onLate !== undefined && dueAt > now)
    const over = this.#entries.splice(0, first < 0 ? this.#entries.length : first)
    for (const { onLate } of over) onLate?.()
    const next = this.#entries[0]
    if (next && !this.#hasTimer) this.#wait(next.dueAt - now)
  }
}
