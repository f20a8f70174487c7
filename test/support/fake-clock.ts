// A clock that only moves when a test says so.
import type { Clock, Timer } from '../../src/plugin.ts'

interface Pending {
  readonly at: number
  readonly run: () => void
}

/** Starts at 0 ms monotonic and 2026-01-01 wall time. */
export class FakeClock implements Clock {
  #now = 0
  #epochOffset = Date.UTC(2026, 0, 1)
  #pending = new Set<Pending>()

  now(): number {
    return this.#now
  }

  epochMs(): number {
    return this.#epochOffset + this.#now
  }

  after(ms: number, run: () => void): Timer {
    const pending = { at: this.#now + ms, run }
    this.#pending.add(pending)
    return { cancel: () => this.#pending.delete(pending) }
  }

  /** How many timers wait: 0 proves that nothing was left behind. */
  get timers(): number {
    return this.#pending.size
  }

  /** Steps the wall clock alone, as an NTP correction does. */
  stepWallTime(ms: number): void {
    this.#epochOffset += ms
  }

  /** Moves on, running due timers in order and letting promises settle after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms
    await settle()
    for (let next = this.#nextDue(end); next; next = this.#nextDue(end)) {
      this.#pending.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.run()
      await settle()
    }
    this.#now = end
    await settle()
  }

  #nextDue(end: number): Pending | undefined {
    let next: Pending | undefined
    for (const pending of this.#pending)
      if (pending.at <= end && (!next || pending.at < next.at)) next = pending
    return next
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}
