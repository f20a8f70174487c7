// Permits taken ahead of the requests that will spend them: what a node asks for, and what a store lends.
import type { LimitCheck, LimitVerdict, Store } from '../plugin.ts'
import { subBucketUs } from './sliding-window.ts'

/** What a node holds and does not use is out of the others' reach for no longer than this. */
export const LONGEST_LEASE_US = 1_000_000

/** Leases of a `rate` end with its slots, as those of a `limit` end with its sub-buckets. */
export const RATE_SLOT_US = 250_000

/** The last part of a limit is never lent: there every permit is counted when it is spent, so that all are used. */
export const KEPT_PART = 1 / 4

/** All nodes together hold no more of a limit than this part of it. */
const LENT_PART = 1 / 20

/** A lease of one permit would save nothing. */
export const SMALLEST_LEASE = 2

/** A node takes half of its share of what may still be lent, so that there is some for those that come later. */
const DIVISOR_PER_NODE = 2

/** A store that is shared, and lends. Permits of a lease may be spent until its end, and are counted already. */
export interface LendingStore extends Store {
  /**
   * `terms`: one for each check. What they give back is given back whatever the verdict is. A call that costs nothing
   * refuses nobody: each of its checks is lent to by itself.
   */
  take(
    checks: readonly LimitCheck[],
    cost?: number,
    terms?: readonly LeaseTerms[],
  ): LendingVerdict | Promise<LendingVerdict>
}

export interface LeaseTerms {
  /** Permits of the last lease that were not spent; given back before anything is taken. */
  readonly rest: number
  /** Where they were counted. */
  readonly slot: number
  /** Permits that the node expects to need in a whole lease, beyond the cost. */
  readonly wanted: number
  /** At most this part of what may be lent: 4 stands for a quarter. */
  readonly divisor: number
}

export const NO_TERMS: LeaseTerms = { rest: 0, slot: 0, wanted: 0, divisor: 1 }

export interface LendingVerdict extends LimitVerdict {
  /** In the order of the checks; when terms were given. */
  readonly leases?: readonly Lease[]
}

export interface Lease {
  readonly permits: number
  readonly slot: number
  /** Microseconds from when the store decided. */
  readonly forUs: number
}

/** Microseconds of a slot: a permit that is spent in the slot in which it was counted was counted at the right time. */
export function slotUs(check: LimitCheck): number {
  return check.kind === 'window' ? subBucketUs(check.windowMs) : RATE_SLOT_US
}

/** Microseconds for which a node plans ahead. */
export function leaseUs(check: LimitCheck): number {
  return Math.min(slotUs(check), LONGEST_LEASE_US)
}

/** The most that one key may do at once. */
export function sizeOf(check: LimitCheck): number {
  return check.kind === 'window' ? check.limit : check.burst
}

/** Permits that each of the nodes may hold of a limit; 0 when a lease of it is not worth the while. */
export function mostOf(check: LimitCheck, nodes: number): number {
  const most = Math.floor((sizeOf(check) * LENT_PART) / nodes)
  return most >= SMALLEST_LEASE ? most : 0
}

export function divisorFor(nodes: number): number {
  return DIVISOR_PER_NODE * nodes
}

/** How many permits are lent when `left` are left, and until when. */
export function lend(check: LimitCheck, { wanted, divisor }: LeaseTerms, at: LendingTime): Lease {
  const slot = Math.floor(at.nowUs / slotUs(check))
  const forUs = Math.min((slot + 1) * slotUs(check) - at.nowUs, leaseUs(check))
  const most = Math.floor((at.left - sizeOf(check) * KEPT_PART) / divisor)
  const permits = Math.max(0, Math.min(Math.floor((wanted * forUs) / leaseUs(check)), most))
  return { permits, slot, forUs }
}

interface LendingTime {
  readonly nowUs: number
  readonly left: number
}
