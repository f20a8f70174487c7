// What is sent to the limit script, and what it answers.
import type { LimitCheck, LimitState } from '../plugin.ts'
import type { Lease, LeaseTerms, LendingVerdict } from './lease.ts'
import { slotPhaseUs } from './slot-phase.ts'

const STATE_FIELDS = 4
const LEASE_FIELDS = 3

export interface Asking {
  readonly cost: number
  /** For leases: of each check. */
  readonly terms: readonly LeaseTerms[] | undefined
}

/** ARGV of the script, behind what is in `args`. */
export function addScriptArguments(
  args: (string | number)[],
  checks: readonly LimitCheck[],
  { cost, terms }: Asking,
): void {
  args.push(cost)
  for (let at = 0; at < checks.length; at++) {
    const check = checks[at]!
    if (check.kind === 'window') args.push('window', check.limit, check.windowMs, 0, slotPhaseUs(check))
    else args.push('rate', check.limit, check.periodMs, check.burst, slotPhaseUs(check))
    const lease = terms?.[at]
    if (lease) args.push(lease.rest, lease.slot, lease.wanted, lease.divisor)
  }
}

/** The script's reply, or undefined when it is anything else: then the connection is out of step. */
export function parseVerdict(reply: unknown, checks: number, leasing: boolean): LendingVerdict | undefined {
  const fields = leasing ? STATE_FIELDS + LEASE_FIELDS : STATE_FIELDS
  if (!Array.isArray(reply) || reply.length !== 1 + checks * fields) return undefined
  if (!reply.every((value) => Number.isSafeInteger(value))) return undefined
  const numbers = reply as readonly number[]
  const states: LimitState[] = []
  const end = 1 + checks * STATE_FIELDS
  for (let at = 1; at < end; at += STATE_FIELDS) {
    states.push({
      allowed: numbers[at] === 1,
      remaining: numbers[at + 1]!,
      resetMs: numbers[at + 2]!,
      retryAfterMs: numbers[at + 3]!,
    })
  }
  const verdict = { allowed: numbers[0] === 1, states }
  return leasing ? { ...verdict, leases: parseLeases(numbers, end) } : verdict
}

function parseLeases(numbers: readonly number[], from: number): readonly Lease[] {
  const leases: Lease[] = []
  for (let at = from; at < numbers.length; at += LEASE_FIELDS) {
    leases.push({ permits: numbers[at]!, slot: numbers[at + 1]!, forUs: numbers[at + 2]! })
  }
  return leases
}
