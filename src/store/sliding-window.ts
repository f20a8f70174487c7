// The arithmetic of a `window` limit: a ring of sub-buckets that never admits more than the limit in any window.
import type { LimitState, WindowCheck } from '../plugin.ts'
import type { Lease } from './lease.ts'

/**
 * Sub-buckets in a window. The oldest one, partly outside the window, is counted whole: a request is refused at most
 * 1/60 of the window too early, and never admitted too early.
 */
export const SUB_BUCKETS = 60

/** Microseconds of one sub-bucket, rounded up: a ring shorter than its window would admit too much. */
export function subBucketUs(windowMs: number): number {
  return Math.ceil((windowMs * 1000) / SUB_BUCKETS)
}

/** The admissions of one key within the last window, by sub-bucket. All times are by a clock of its own. */
export class WindowBucket {
  /** How far its clock is ahead of the store's. */
  readonly phaseUs: number
  /** Number and count of each sub-bucket that is not empty, oldest first: most keys have few of them. */
  readonly #counts: number[] = []
  #total = 0
  expiresAtUs = 0
  /** Share of the limit in use after the last admission. */
  used = 0

  constructor(phaseUs = 0) {
    this.phaseUs = phaseUs
  }

  /** Microseconds until the cost fits; 0 when it does now. */
  waitUs(check: WindowCheck, nowUs: number, cost: number): number {
    const width = subBucketUs(check.windowMs)
    this.#forgetBefore(Math.floor(nowUs / width) - SUB_BUCKETS)
    let excess = this.#total + cost - check.limit
    if (excess <= 0) return 0
    for (let at = 0; at < this.#counts.length; at += 2) {
      excess -= this.#counts[at + 1]!
      if (excess <= 0) return (this.#counts[at]! + SUB_BUCKETS + 1) * width - nowUs
    }
    return check.windowMs * 1000
  }

  add(check: WindowCheck, nowUs: number, cost: number): void {
    this.#count(check, Math.floor(nowUs / subBucketUs(check.windowMs)), cost)
  }

  /** A lent permit counts at once, and as long as if it were spent at the end of its lease. */
  lend(check: WindowCheck, _nowUs: number, { permits, slot }: Lease): void {
    this.#count(check, slot, permits)
  }

  giveBack(check: WindowCheck, nowUs: number, { rest, slot }: { rest: number; slot: number }): void {
    this.#forgetBefore(Math.floor(nowUs / subBucketUs(check.windowMs)) - SUB_BUCKETS)
    for (let at = 0; at < this.#counts.length; at += 2) {
      if (this.#counts[at] !== slot) continue
      const back = Math.min(rest, this.#counts[at + 1]!)
      this.#counts[at + 1]! -= back
      this.#total -= back
      this.used = this.#total / check.limit
    }
  }

  left(check: WindowCheck): number {
    return Math.max(0, check.limit - this.#total)
  }

  state(check: WindowCheck, nowUs: number, waitUs: number): LimitState {
    return {
      allowed: waitUs === 0,
      remaining: this.left(check),
      resetMs: this.#total === 0 ? 0 : Math.ceil((this.expiresAtUs - nowUs) / 1000),
      retryAfterMs: Math.ceil(waitUs / 1000),
    }
  }

  #count(check: WindowCheck, bucket: number, cost: number): void {
    let at = this.#counts.length
    while (at > 0 && this.#counts[at - 2]! > bucket) at -= 2
    if (this.#counts[at - 2] === bucket) this.#counts[at - 1]! += cost
    else this.#counts.splice(at, 0, bucket, cost)
    this.#total += cost
    this.used = this.#total / check.limit
    const endUs = (bucket + SUB_BUCKETS + 1) * subBucketUs(check.windowMs)
    this.expiresAtUs = Math.max(this.expiresAtUs, endUs)
  }

  #forgetBefore(oldest: number): void {
    let expired = 0
    while (expired < this.#counts.length && this.#counts[expired]! < oldest) {
      this.#total -= this.#counts[expired + 1]!
      expired += 2
    }
    if (expired > 0) this.#counts.splice(0, expired)
  }
}
