// Says when leases end: those that end at about the same time together, so that one call can deal with many of them.
import type { Clock, Timer } from '../plugin.ts'
import type { HeldKey } from './held-key.ts'

/** Leases that end within this time are dealt with together. */
const TICK_MS = 4

/** Asked before the slot is over by its own clock, the store has next to nothing to lend. */
const AFTER_MS = 1

export class LeaseEnds {
  readonly #clock: Clock
  readonly #onEnd: (keys: readonly HeldKey[]) => void
  readonly #ticks = new Map<number, { readonly keys: HeldKey[]; readonly timer: Timer }>()

  constructor(clock: Clock, onEnd: (keys: readonly HeldKey[]) => void) {
    this.#clock = clock
    this.#onEnd = onEnd
  }

  /** Once for each key, however often it gets a new lease in the meantime. */
  await(key: HeldKey): void {
    if (key.awaited || key.lease === undefined) return
    key.awaited = true
    const tick = Math.ceil((key.lease.overMs + AFTER_MS) / TICK_MS)
    const others = this.#ticks.get(tick)
    if (others) others.keys.push(key)
    else this.#open(tick, key)
  }

  close(): void {
    for (const { timer } of this.#ticks.values()) timer.cancel()
    this.#ticks.clear()
  }

  #open(tick: number, key: HeldKey): void {
    const timer = this.#clock.after(tick * TICK_MS - this.#clock.now(), () => this.#end(tick))
    this.#ticks.set(tick, { keys: [key], timer })
  }

  #end(tick: number): void {
    const { keys } = this.#ticks.get(tick)!
    this.#ticks.delete(tick)
    const nowMs = this.#clock.now()
    const ended: HeldKey[] = []
    for (const key of keys) {
      key.awaited = false
      if (key.lease === undefined) continue
      if (key.lease.untilMs <= nowMs) ended.push(key)
      else this.await(key)
    }
    if (ended.length > 0) this.#onEnd(ended)
  }
}
