// What is sent to the limit script, and what it answers.
import type { LimitCheck, LimitState } from '../plugin.ts'
import type { Lease, LeaseTerms, LendingVerdict } from './lease.ts'
import { slotPhaseUs } from './slot-phase.ts'

const STATE_FIELDS = 4
const LEASE_FIELDS = 3

/** ARGV of the script. */
export function scriptArguments(
  checks: readonly LimitCheck[],
  cost: number,
  terms?: readonly LeaseTerms[],
): (string | number)[] {
  const args: (string | number)[] = [cost]
  for (const [at, check] of checks.entries()) {
    if (check.kind === 'window') args.push('window', check.limit, check.windowMs, 0, slotPhaseUs(check))
    else args.push('rate', check.limit, check.periodMs, check.burst, slotPhaseUs(check))
    const lease = terms?.[at]
    if (lease) args.push(lease.rest, lease.slot, lease.wanted, lease.divisor)
  }
  return args
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
