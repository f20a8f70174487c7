// What is sent to the limit script, and what it answers.
import type { LimitCheck, LimitState } from '../plugin.ts'
import { redisBucketKey } from './bucket-key.ts'
import type { Lease, LeaseTerms, LendingVerdict } from './lease.ts'
import { bulk, type ScriptArguments } from './script.ts'
import { slotPhaseUs } from './slot-phase.ts'

const STATE_FIELDS = 4
const LEASE_FIELDS = 3

/** Arguments of the script for each check, and how many more there are for a lease. */
const CHECK_ARGUMENTS = 5
const TERM_ARGUMENTS = 4

/** Texts of keys in use, about 4 MB. When it is full all are forgotten. */
const MAX_TEXTS = 10_000

/** A longer key would let clients choose how much is kept. */
const MAX_KEPT_KEY = 128

export interface Asking {
  readonly cost: number
  /** For leases: of each check. */
  readonly terms: readonly LeaseTerms[] | undefined
}

/** A check as it is sent: the name of its bucket, and what follows the cost. */
interface CheckText {
  /** As it was then. */
  readonly check: LimitCheck
  readonly key: string
  readonly limit: string
}

/** Puts calls together. What depends on the check alone is made out once for many requests. */
export class LimitCalls {
  readonly #keyPrefix: string
  readonly #texts = new Map<string, CheckText>()

  constructor(keyPrefix: string) {
    this.#keyPrefix = keyPrefix
  }

  /** KEYS and ARGV as the script wants them. */
  arguments(checks: readonly LimitCheck[], { cost, terms }: Asking): ScriptArguments {
    let keys = ''
    let rest = bulk(cost)
    let count = 1 + checks.length * (1 + CHECK_ARGUMENTS)
    for (let at = 0; at < checks.length; at++) {
      const text = this.#textOf(checks[at]!)
      keys += text.key
      rest += text.limit
      const lease = terms?.[at]
      if (lease === undefined) continue
      rest += bulk(lease.rest) + bulk(lease.slot) + bulk(lease.wanted) + bulk(lease.divisor)
      count += TERM_ARGUMENTS
    }
    return { keys: checks.length, count, text: keys + rest }
  }

  #textOf(check: LimitCheck): CheckText {
    const known = this.#texts.get(check.key)
    if (known !== undefined && isSame(known.check, check)) return known
    const text = this.#write(check)
    if (check.key.length > MAX_KEPT_KEY) return text
    if (this.#texts.size >= MAX_TEXTS) this.#texts.clear()
    this.#texts.set(check.key, text)
    return text
  }

  #write(check: LimitCheck): CheckText {
    const key = bulk(redisBucketKey(this.#keyPrefix, check))
    const { kind, limit } = check
    const [periodMs, burst] = kind === 'window' ? [check.windowMs, 0] : [check.periodMs, check.burst]
    return {
      check: { ...check },
      key,
      limit: [kind, limit, periodMs, burst, slotPhaseUs(check)].map(bulk).join(''),
    }
  }
}

/** Of two checks with one key: it may be that of a limit that has been changed since. */
function isSame(one: LimitCheck, other: LimitCheck): boolean {
  if (one.limit !== other.limit) return false
  if (one.kind === 'window') return other.kind === 'window' && one.windowMs === other.windowMs
  return other.kind === 'rate' && one.periodMs === other.periodMs && one.burst === other.burst
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
