// When the leases of a key end: keys have one of many times, or all that depends on it would come at once.
import type { LimitCheck } from '../plugin.ts'
import { leaseUs } from './lease.ts'

const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193
const MIX = 0x85ebca6b

/** Leases that end together are taken anew in one call; so many in their length. */
const PHASES = 64

/**
 * Microseconds by which the clock of a key is ahead of the store's; less than a lease, and the same on every node. With one
 * clock for all keys the leases of a thousand consumers ended at the same moment of each second: taking them anew held up
 * requests for 20 ms, and whoever had been refused came back in the same millisecond as all others. With a time of its own
 * for each key they were taken anew one by one.
 */
export function slotPhaseUs(check: LimitCheck): number {
  let mixed = FNV_OFFSET
  for (let at = 0; at < check.key.length; at++) mixed = Math.imul(mixed ^ check.key.charCodeAt(at), FNV_PRIME)
  // Keys that differ in their last character only are close together up to here.
  mixed = Math.imul(mixed ^ (mixed >>> 15), MIX)
  const phase = (mixed ^ (mixed >>> 13)) & (PHASES - 1)
  return Math.floor((phase * leaseUs(check)) / PHASES)
}
