// The arithmetic of a `rate` limit: GCRA, kept as a level of cells that drains with time.
import type { LimitState, RateCheck } from '../plugin.ts'
import { type Lease, RATE_SLOT_US } from './lease.ts'

/** Absorbs the rounding of one division: without it, a client that waited `retryAfterMs` could be refused again. */
export const ROUNDING_CELLS = 1e-9

/**
 * GCRA stores the theoretical arrival time; this is the same value as `(tat - now) / (period / limit)` cells. The level
 * stays small, so a double keeps it exact where microseconds since 1970 would be rounded to 0.25, and a level means the
 * same after the rate was changed.
 *
 * Lent cells do not drain before the slot ends in which they were lent: they may be spent at its very end.
 * All times are by a clock of its own.
 */
export class RateBucket {
  /** How far its clock is ahead of the store's. */
  readonly phaseUs: number
  #cells = 0
  #lent = 0
  #atUs = 0
  expiresAtUs = 0
  /** Share of the burst in use after the last admission. */
  used = 0

  constructor(phaseUs = 0) {
    this.phaseUs = phaseUs
  }

  /** Microseconds until the cost fits; 0 when it does now. */
  waitUs(check: RateCheck, nowUs: number, cost: number): number {
    if (cost > check.burst) return Math.ceil(check.burst * emissionUs(check))
    const excess = this.#level(check, nowUs) + this.#lentNow(nowUs) + cost - check.burst
    // Half of what is forgiven: the product is off by a rounding itself, and the wait must suffice all the same.
    return excess <= ROUNDING_CELLS ? 0 : Math.ceil(this.#drainUs(check, nowUs, excess - ROUNDING_CELLS / 2))
  }

  add(check: RateCheck, nowUs: number, cost: number): void {
    this.#set(check, nowUs, { cells: this.#level(check, nowUs) + cost, lent: this.#lentNow(nowUs) })
  }

  lend(check: RateCheck, nowUs: number, { permits }: Lease): void {
    this.#set(check, nowUs, { cells: this.#level(check, nowUs), lent: this.#lentNow(nowUs) + permits })
  }

  /** Only within the slot: afterwards the cells have begun to drain. */
  giveBack(check: RateCheck, nowUs: number, { rest, slot }: { rest: number; slot: number }): void {
    if (slot !== Math.floor(nowUs / RATE_SLOT_US)) return
    const lent = this.#lentNow(nowUs)
    this.#set(check, nowUs, { cells: this.#level(check, nowUs), lent: lent - Math.min(rest, lent) })
  }

  left(check: RateCheck, nowUs: number): number {
    const free = check.burst - this.#level(check, nowUs) - this.#lentNow(nowUs)
    return Math.max(0, Math.floor(free + ROUNDING_CELLS))
  }

  state(check: RateCheck, nowUs: number, waitUs: number): LimitState {
    return {
      allowed: waitUs === 0,
      remaining: this.left(check, nowUs),
      resetMs: Math.ceil(this.#resetUs(check, nowUs) / 1000),
      retryAfterMs: Math.ceil(waitUs / 1000),
    }
  }

  #set(check: RateCheck, nowUs: number, { cells, lent }: { cells: number; lent: number }): void {
    this.#cells = cells
    this.#lent = lent
    this.#atUs = nowUs
    this.used = (cells + lent) / check.burst
    this.expiresAtUs = nowUs + this.#resetUs(check, nowUs)
  }

  #lentNow(nowUs: number): number {
    return nowUs < slotEndUs(this.#atUs) ? this.#lent : 0
  }

  #level(check: RateCheck, nowUs: number): number {
    const endUs = slotEndUs(this.#atUs)
    const isOver = this.#lent > 0 && nowUs >= endUs
    const cells = isOver ? this.#drained(check, endUs) + this.#lent : this.#cells
    const drained = cells - (nowUs - (isOver ? endUs : this.#atUs)) / emissionUs(check)
    // A burst that was lowered since must not refuse for longer than the new one takes to drain.
    return Math.min(Math.max(0, drained), check.burst)
  }

  #drained(check: RateCheck, untilUs: number): number {
    return Math.max(0, this.#cells - (untilUs - this.#atUs) / emissionUs(check))
  }

  #resetUs(check: RateCheck, nowUs: number): number {
    return this.#drainUs(check, nowUs, this.#level(check, nowUs) + this.#lentNow(nowUs))
  }

  /** Microseconds in which so many cells drain. */
  #drainUs(check: RateCheck, nowUs: number, cells: number): number {
    const emission = emissionUs(check)
    const slotLeftUs = slotEndUs(nowUs) - nowUs
    const before = Math.min(this.#level(check, nowUs), slotLeftUs / emission)
    if (this.#lentNow(nowUs) === 0 || cells <= before) return cells * emission
    return slotLeftUs + (cells - before) * emission
  }
}

function slotEndUs(atUs: number): number {
  return (Math.floor(atUs / RATE_SLOT_US) + 1) * RATE_SLOT_US
}

/** Microseconds in which one cell drains. */
function emissionUs(check: RateCheck): number {
  return (check.periodMs * 1000) / check.limit
}
