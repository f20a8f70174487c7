// Tells the client where it stands: draft-ietf-httpapi-ratelimit-headers-11, and the trio that most clients read today.
import { FieldNames, type HeaderList, type LimitState } from '../../src/plugin.ts'
import type { Quota } from './limit.ts'

export interface Standing {
  readonly quota: Quota
  /** Undefined when nobody could tell: the store is down and the limit lets everything pass. */
  readonly state: LimitState | undefined
}

/** `elapsedMs`: since the states were found. Replaces what a service may have said under the same names. */
export function writeStandings(headers: HeaderList, standings: readonly Standing[], elapsedMs: number): void {
  let [policies, items] = ['', '']
  let tightest: Known | undefined
  for (const standing of standings) {
    policies = joined(policies, standing.quota.policy)
    if (!isKnown(standing)) continue
    items = joined(items, itemOf(standing, elapsedMs))
    if (tightest === undefined || isTighter(standing.state, tightest.state)) tightest = standing
  }
  headers.removeAll(OURS)
  // Numbers, and names that the config has checked: nothing in them could end a field.
  headers.pairs.push('RateLimit-Policy', policies)
  if (tightest === undefined) return
  const { quota, state } = tightest
  headers.pairs.push('RateLimit', items)
  headers.pairs.push('X-RateLimit-Limit', String(quota.size))
  headers.pairs.push('X-RateLimit-Remaining', String(state.remaining))
  headers.pairs.push('X-RateLimit-Reset', String(resetSeconds(state, elapsedMs)))
}

const OURS = new FieldNames([
  'RateLimit-Policy',
  'RateLimit',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
])

type Known = Standing & { readonly state: LimitState }

function isKnown(standing: Standing): standing is Known {
  return standing.state !== undefined
}

function joined(list: string, item: string): string {
  return list === '' ? item : `${list}, ${item}`
}

function itemOf({ quota, state }: Known, elapsedMs: number): string {
  return `${quota.item}${state.remaining};t=${resetSeconds(state, elapsedMs)}`
}

function resetSeconds({ resetMs }: LimitState, elapsedMs: number): number {
  return Math.max(0, Math.ceil((resetMs - elapsedMs) / 1000))
}

/** Closest to exhaustion: the one that refuses, then the one with the fewest requests left, then the slowest. */
function isTighter(a: LimitState, b: LimitState): boolean {
  if (a.allowed !== b.allowed) return !a.allowed
  return a.remaining === b.remaining ? a.resetMs > b.resetMs : a.remaining < b.remaining
}
