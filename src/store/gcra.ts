// The arithmetic of a `rate` limit: GCRA, kept as a level of cells that drains with time.
import type { LimitState, RateCheck } from '../plugin.ts'

/** Absorbs the rounding of one division: without it, a client that waited `retryAfterMs` could be refused again. */
export const ROUNDING_CELLS = 1e-9

/**
 * GCRA stores the theoretical arrival time; this is the same value as `(tat - now) / (period / limit)` cells. The level
 * stays small, so a double keeps it exact where microseconds since 1970 would be rounded to 0.25, and a level means the
 * same after the rate was changed.
 */
export class RateBucket {
  #cells = 0
  #atUs = 0
  expiresAtUs = 0
  /** Share of the burst in use after the last admission. */
  used = 0

  /** Microseconds until the cost fits; 0 when it does now. */
  waitUs(check: RateCheck, nowUs: number, cost: number): number {
    if (cost > check.burst) return Math.ceil(check.burst * emissionUs(check))
    const excess = this.#level(check, nowUs) + cost - check.burst
    // Half of what is forgiven: the product is off by a rounding itself, and the wait must suffice all the same.
    return excess <= ROUNDING_CELLS ? 0 : Math.ceil((excess - ROUNDING_CELLS / 2) * emissionUs(check))
  }

  add(check: RateCheck, nowUs: number, cost: number): void {
    this.#cells = this.#level(check, nowUs) + cost
    this.#atUs = nowUs
    this.used = this.#cells / check.burst
    this.expiresAtUs = nowUs + this.#cells * emissionUs(check)
  }

  state(check: RateCheck, nowUs: number, waitUs: number): LimitState {
    const level = this.#level(check, nowUs)
    return {
      allowed: waitUs === 0,
      remaining: Math.max(0, Math.floor(check.burst - level + ROUNDING_CELLS)),
      resetMs: Math.ceil((level * emissionUs(check)) / 1000),
      retryAfterMs: Math.ceil(waitUs / 1000),
    }
  }

  #level(check: RateCheck, nowUs: number): number {
    const drained = this.#cells - (nowUs - this.#atUs) / emissionUs(check)
    // A burst that was lowered since must not refuse for longer than the new one takes to drain.
    return Math.min(Math.max(0, drained), check.burst)
  }
}

/** Microseconds in which one cell drains. */
function emissionUs(check: RateCheck): number {
  return (check.periodMs * 1000) / check.limit
}
