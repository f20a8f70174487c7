// Keys known to be exhausted, and until when: they are refused without asking the store.
import type { LimitState } from '../../src/plugin.ts'

const MAX_KEYS = 10_000
/** A client chooses header values: longer ones are left to the store, which keeps a digest. */
const MAX_KEY_LENGTH = 512

export interface Denial {
  /** Monotonic milliseconds. Refused until then: never later than the store itself would. */
  readonly untilMs: number
  /** What the client is told: never earlier than the store would admit it. */
  readonly retryAtMs: number
  readonly resetAtMs: number
}

export interface DenialTimes {
  /** Before the store was asked: the way to it and back must not prolong the refusal. */
  readonly askedAtMs: number
  readonly nowMs: number
  readonly longestMs: number
}

export class DenyCache {
  readonly #denials = new Map<string, Denial>()

  get size(): number {
    return this.#denials.size
  }

  find(key: string, nowMs: number): Denial | undefined {
    const denial = this.#denials.get(key)
    if (!denial || denial.untilMs > nowMs) return denial
    this.#denials.delete(key)
    return undefined
  }

  remember(key: string, state: LimitState, times: DenialTimes): void {
    // The store rounds the wait up to a millisecond.
    const untilMs = Math.min(times.askedAtMs + state.retryAfterMs - 1, times.nowMs + times.longestMs)
    if (untilMs <= times.nowMs || key.length > MAX_KEY_LENGTH) return
    this.#denials.delete(key)
    if (this.#denials.size >= MAX_KEYS) this.#denials.delete(this.#denials.keys().next().value!)
    this.#denials.set(key, {
      untilMs,
      retryAtMs: times.nowMs + state.retryAfterMs,
      resetAtMs: times.nowMs + state.resetMs,
    })
  }
}
