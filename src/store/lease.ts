// Permits taken ahead of the requests that will spend them: what a node asks for, and what a store lends.
import type { LimitCheck, LimitVerdict, Store } from '../plugin.ts'
import { subBucketUs } from './sliding-window.ts'

/** What a node holds and does not use is out of the others' reach for no longer than this. */
export const LONGEST_LEASE_US = 4_000_000

/**
 * Sub-buckets of a `limit` for which permits are lent at most. They count in the last of them, so what is spent in the
 * first counts for so much longer. With one alone, a thousand consumers with two requests a second each took leases anew
 * for every second request.
 */
export const LEASE_SUB_BUCKETS = 4

/** Leases of a `rate` end with its slots. */
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
  /** Where they were counted: a sub-bucket of a `limit`, or a slot of a `rate`. */
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

/** Microseconds for which a node plans ahead: leases end with multiples of them, by the clock of the key. */
export function leaseUs(check: LimitCheck): number {
  if (check.kind === 'rate') return RATE_SLOT_US
  return Math.min(LEASE_SUB_BUCKETS * subBucketUs(check.windowMs), LONGEST_LEASE_US)
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

/** How many permits are lent when `left` are left, until when, and the slot in which they count: that of their end. */
export function lend(check: LimitCheck, { wanted, divisor }: LeaseTerms, at: LendingTime): Lease {
  const wholeUs = leaseUs(check)
  const endUs = (Math.floor(at.nowUs / wholeUs) + 1) * wholeUs
  const forUs = endUs - at.nowUs
  const most = Math.floor((at.left - sizeOf(check) * KEPT_PART) / divisor)
  const permits = Math.max(0, Math.min(Math.floor((wanted * forUs) / wholeUs), most))
  return { permits, slot: Math.floor((endUs - 1) / slotUs(check)), forUs }
}

function slotUs(check: LimitCheck): number {
  return check.kind === 'window' ? subBucketUs(check.windowMs) : RATE_SLOT_US
}

interface LendingTime {
  readonly nowUs: number
  readonly left: number
}
