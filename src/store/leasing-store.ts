// Spends permits that were taken ahead from a shared store: most requests are decided without asking it.
import type { Clock, Counter, LimitCheck, LimitState, LimitVerdict, Meter, Store } from '../plugin.ts'
import type { HeldKey, HeldLease } from './held-key.ts'
import { HeldKeys } from './held-keys.ts'
import { divisorFor, type LeaseTerms, type LendingStore, mostOf, NO_TERMS, SMALLEST_LEASE } from './lease.ts'

export interface LeasingStoreOptions {
  /** Answers with promises: any store that several processes share. */
  readonly store: LendingStore
  readonly clock: Clock
  readonly meter: Meter
  /** Living nodes, among which the part that may be lent is divided. */
  nodes(): number
}

export interface LeasingStore extends Store {
  /** Gives back what was not spent; from then on every call goes to the store. */
  close(): Promise<void>
}

export function createLeasingStore(options: LeasingStoreOptions): LeasingStore {
  return new HoldingStore(options)
}

/** A call that leases do not cover as a whole. */
interface Call {
  readonly checks: readonly LimitCheck[]
  readonly cost: number
  readonly nowMs: number
}

/** One check of such a call. */
interface Part {
  readonly check: LimitCheck
  readonly key: HeldKey | undefined
  /** The lease that covers this check, with the cost taken out of it, and what it says of the limit. */
  readonly reserved: { readonly lease: HeldLease; readonly state: LimitState } | undefined
}

class HoldingStore implements LeasingStore {
  readonly shared: boolean
  readonly #options: LeasingStoreOptions
  readonly #keys: HeldKeys
  readonly #takes: { readonly lease: Counter; readonly store: Counter }

  constructor(options: LeasingStoreOptions) {
    this.#options = options
    this.#takes = { lease: takesBy(options.meter, 'lease'), store: takesBy(options.meter, 'store') }
    this.#keys = new HeldKeys(options)
    this.shared = options.store.shared
  }

  /** Answers at once where leases cover all checks. */
  take(checks: readonly LimitCheck[], cost = 1): LimitVerdict | Promise<LimitVerdict> {
    const nowMs = this.#options.clock.now()
    const keys: HeldKey[] = []
    for (const check of checks) {
      const key = this.#keys.find(check)
      if (key === undefined || !key.covers(cost, nowMs)) return this.#ask({ checks, cost, nowMs })
      keys.push(key)
    }
    this.#takes.lease.add()
    const states: LimitState[] = []
    for (const key of keys) {
      // Twice the same key is counted once.
      if (keys.indexOf(key) === states.length) key.spend(cost, nowMs)
      states.push(key.state(nowMs))
    }
    return { allowed: true, states }
  }

  close(): Promise<void> {
    return this.#keys.close()
  }

  #ask(call: Call): LimitVerdict | Promise<LimitVerdict> {
    this.#takes.store.add()
    const { checks, cost } = call
    // What is never leased needs nothing of what follows.
    return checks.every(isExact) ? this.#options.store.take(checks, cost) : this.#askForLeases(call)
  }

  /** What leases cover is kept back for this call while the store is asked about the rest. */
  async #askForLeases(call: Call): Promise<LimitVerdict> {
    const lends = mayLease(call.checks)
    const parts = call.checks.map((check) => this.#part(check, call, lends))
    const asked = parts.filter(({ reserved }) => reserved === undefined)
    const terms = lends ? this.#terms(asked, call.nowMs) : undefined
    const renewed = asked.filter((_, at) => (terms?.[at]?.wanted ?? 0) > 0)
    for (const { key } of renewed) key!.asking = true
    let isTaken = false
    try {
      const checks = asked.map(({ check }) => check)
      const verdict = await this.#options.store.take(checks, call.cost, terms)
      isTaken = verdict.allowed
      for (const [at, lease] of verdict.leases?.entries() ?? []) {
        const { key } = asked[at]!
        if (key) this.#keys.receive(key, { lease, state: verdict.states[at]!, askedAtMs: call.nowMs })
      }
      const states = verdict.states.values()
      return {
        allowed: verdict.allowed,
        states: parts.map(({ reserved }) => reserved?.state ?? states.next().value!),
      }
    } finally {
      for (const { key } of renewed) key!.asking = false
      if (!isTaken) for (const { reserved } of parts) if (reserved) reserved.lease.permits += call.cost
    }
  }

  #part(check: LimitCheck, { cost, nowMs }: Call, lends: boolean): Part {
    const known = this.#keys.find(check)
    const key = known ?? (lends && this.#most(check) > 0 ? this.#keys.open(check, nowMs) : undefined)
    if (!key?.covers(cost, nowMs)) {
      key?.note(cost, nowMs)
      return { check, key, reserved: undefined }
    }
    key.spend(cost, nowMs)
    return { check, key, reserved: { lease: key.lease!, state: key.state(nowMs) } }
  }

  /** Undefined where there is nothing to lease and nothing to give back. */
  #terms(asked: readonly Part[], nowMs: number): readonly LeaseTerms[] | undefined {
    const wanted = asked.map(({ key }) =>
      key?.asking === false ? Math.min(key.wanted, this.#most(key.check)) : 0,
    )
    const lends = wanted.every((permits) => permits >= SMALLEST_LEASE)
    const divisor = divisorFor(this.#options.nodes())
    const terms = asked.map(({ key }, at): LeaseTerms => {
      if (key === undefined || key.asking) return NO_TERMS
      const rest = key.surrender(nowMs)
      return lends ? { ...rest, wanted: wanted[at]!, divisor } : rest
    })
    return terms.some((one) => one !== NO_TERMS) ? terms : undefined
  }

  #most(check: LimitCheck): number {
    return mostOf(check, this.#options.nodes())
  }
}

function takesBy(meter: Meter, by: 'lease' | 'store'): Counter {
  return meter.counter(
    'store_takes_total',
    'Requests whose limits were decided by a lease, or by asking the store',
    { by },
  )
}

const isExact = ({ exact }: LimitCheck): boolean => exact === true

/** Where one check needs the store anyway, a lease of the others would save nothing. */
function mayLease(checks: readonly LimitCheck[]): boolean {
  return checks.every(({ key, exact }, at) => !exact && checks.findIndex((other) => other.key === key) === at)
}
