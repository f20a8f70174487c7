// What a node knows of one key that may be leased: how much is asked for it, and the permits that it holds.
import type { LimitCheck, LimitState } from '../plugin.ts'
import { type Lease, type LeaseTerms, leaseUs, NO_TERMS, sizeOf } from './lease.ts'

/** Two clocks may each be slewed by 500 ppm: a lease ends for its holder before it does for the store. */
const CLOCK_DRIFT = 0.001

/** A lease in the hands of the node. */
export interface HeldLease {
  permits: number
  readonly slot: number
  readonly untilMs: number
  /** When it ends for the store. */
  readonly overMs: number
  /** Permits that it began with. */
  readonly granted: number
  /** What the store had left besides these permits. */
  readonly left: number
  readonly resetAtMs: number
}

export class HeldKey {
  readonly check: LimitCheck
  lease: HeldLease | undefined
  /** A request has gone to the store for a new lease. */
  asking = false
  /** Somebody waits for the end of its lease. */
  awaited = false
  readonly #intervalMs: number
  readonly #size: number
  readonly #periodMs: number
  #sinceMs: number
  #count = 0
  #countBefore = 0

  constructor(check: LimitCheck, nowMs: number) {
    this.check = check
    this.#intervalMs = leaseUs(check) / 1000
    this.#size = sizeOf(check)
    this.#periodMs = periodOf(check)
    this.#sinceMs = nowMs
  }

  /** False for another limit under the same key: its permits are not these. */
  isFor(check: LimitCheck): boolean {
    if (check === this.check) return true
    const { kind, limit } = this.check
    if (check.kind !== kind || check.limit !== limit || sizeOf(check) !== this.#size) return false
    return periodOf(check) === this.#periodMs
  }

  covers(cost: number, nowMs: number): boolean {
    const { lease } = this
    return lease !== undefined && lease.permits >= cost && nowMs < lease.untilMs
  }

  /** Only where the lease covers it. */
  spend(cost: number, nowMs: number): void {
    this.note(cost, nowMs)
    this.lease!.permits -= cost
  }

  /** A request that wants so many permits, whoever grants them. */
  note(cost: number, nowMs: number): void {
    const elapsedMs = nowMs - this.#sinceMs
    if (elapsedMs >= this.#intervalMs) {
      this.#countBefore = elapsedMs < 2 * this.#intervalMs ? this.#count : 0
      this.#count = 0
      this.#sinceMs = nowMs
    }
    this.#count += cost
  }

  /**
   * Permits to ask for: as many as the last lease needed, or this one so far; one request is no demand. Of a window twice
   * as many, which saves a third of the calls: what was too much comes back with the next lease.
   */
  get wanted(): number {
    const needed = Math.max(this.#count, this.#countBefore)
    if (needed < 2) return 0
    return this.check.kind === 'window' ? 2 * needed : needed
  }

  /** True when something of the lease was spent: who stops asking is not lent to again. */
  get isInUse(): boolean {
    return this.lease !== undefined && this.lease.permits < this.lease.granted
  }

  isUnused(nowMs: number): boolean {
    return this.lease === undefined && !this.asking && nowMs - this.#sinceMs >= 2 * this.#intervalMs
  }

  /** `askedAtMs`: before the store was asked, so that the way there and back shortens the lease. */
  receive({ permits, slot, forUs }: Lease, { remaining, resetMs }: LimitState, askedAtMs: number): void {
    if (permits === 0) return
    this.lease = {
      permits,
      granted: permits,
      slot,
      untilMs: askedAtMs + ((forUs - 1) / 1000) * (1 - CLOCK_DRIFT),
      overMs: askedAtMs + forUs / 1000,
      left: remaining,
      resetAtMs: askedAtMs + resetMs,
    }
  }

  /** Ends the lease: what is to be given back of it. */
  surrender(nowMs: number): LeaseTerms {
    const { lease, check } = this
    this.lease = undefined
    if (lease === undefined || lease.permits === 0) return NO_TERMS
    // Cells of a rate begin to drain when the slot is over.
    if (check.kind === 'rate' && nowMs >= lease.untilMs) return NO_TERMS
    return { ...NO_TERMS, rest: lease.permits, slot: lease.slot }
  }

  /** The limit as last heard of, less what was spent since. */
  state(nowMs: number): LimitState {
    const { left, permits, resetAtMs } = this.lease!
    return {
      allowed: true,
      remaining: left + permits,
      resetMs: Math.max(0, Math.ceil(resetAtMs - nowMs)),
      retryAfterMs: 0,
    }
  }
}

function periodOf(check: LimitCheck): number {
  return check.kind === 'window' ? check.windowMs : check.periodMs
}
