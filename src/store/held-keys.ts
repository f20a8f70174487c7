// The keys that a node may hold leases of: so many and no more. What is in use is leased anew before anybody has to ask;
// what nobody uses goes back to the store.
import type { Clock, LimitCheck, LimitState, Timer } from '../plugin.ts'
import { HeldKey } from './held-key.ts'
import {
  divisorFor,
  type Lease,
  type LeaseTerms,
  type LendingStore,
  mostOf,
  SMALLEST_LEASE,
} from './lease.ts'
import { LeaseEnds } from './lease-ends.ts'

/** About 4 MB. When all are in use, further keys are asked about one by one. */
const MAX_KEYS = 10_000

/** A client chooses header values: longer ones are left to the store, which keeps a digest. */
const MAX_KEY_LENGTH = 512

/** How often keys are looked for that are not in use. */
const SWEEP_EVERY_MS = 500

/** Keys in one call: half a millisecond of the store's time. */
const KEYS_PER_CALL = 64

interface HeldKeysOptions {
  readonly store: LendingStore
  readonly clock: Clock
  nodes(): number
}

/** What the store has answered for one key. */
interface Granted {
  readonly lease: Lease
  readonly state: LimitState
  /** Before the store was asked. */
  readonly askedAtMs: number
}

/** A key whose lease is over, and what is asked of the store for it. */
interface Renewal {
  readonly key: HeldKey
  readonly terms: LeaseTerms
}

export class HeldKeys {
  readonly #options: HeldKeysOptions
  readonly #keys = new Map<string, HeldKey>()
  readonly #ends: LeaseEnds
  /** One call after the other: a store that is slow is not asked for more at once. */
  #renewing: Promise<void> = Promise.resolve()
  #sweeping: Timer | undefined
  #closed = false

  constructor(options: HeldKeysOptions) {
    this.#options = options
    this.#ends = new LeaseEnds(options.clock, (keys) => {
      this.#renewing = this.#renewing.then(() => this.#renewAll(keys))
    })
  }

  get size(): number {
    return this.#keys.size
  }

  find(check: LimitCheck): HeldKey | undefined {
    if (check.exact) return undefined
    const key = this.#keys.get(check.key)
    return key?.isFor(check) ? key : undefined
  }

  /** Undefined where there is no room, or another limit under this key. */
  open(check: LimitCheck, nowMs: number): HeldKey | undefined {
    if (this.#closed || this.#keys.size >= MAX_KEYS || check.key.length > MAX_KEY_LENGTH) return undefined
    if (this.#keys.has(check.key)) return undefined
    const key = new HeldKey(check, nowMs)
    this.#keys.set(check.key, key)
    this.#sweeping ??= this.#options.clock.after(SWEEP_EVERY_MS, () => this.#sweep())
    return key
  }

  receive(key: HeldKey, { lease, state, askedAtMs }: Granted): void {
    key.receive(lease, state, askedAtMs)
    if (!this.#closed) this.#ends.await(key)
  }

  /** Gives back everything; no key is opened any more. */
  async close(): Promise<void> {
    this.#closed = true
    this.#sweeping?.cancel()
    this.#ends.close()
    await this.#renewing
    const keys = [...this.#keys.values()]
    this.#keys.clear()
    const nowMs = this.#options.clock.now()
    await this.#ask(keys.map((key) => ({ key, terms: key.surrender(nowMs) })))
  }

  #sweep(): void {
    const nowMs = this.#options.clock.now()
    for (const [name, key] of this.#keys) if (key.isUnused(nowMs)) this.#keys.delete(name)
    const sweep = (): void => this.#sweep()
    this.#sweeping = this.#keys.size === 0 ? undefined : this.#options.clock.after(SWEEP_EVERY_MS, sweep)
  }

  async #renewAll(keys: readonly HeldKey[]): Promise<void> {
    if (this.#closed) return
    const nowMs = this.#options.clock.now()
    // While this waited, a request may have asked for itself.
    const ended = keys.filter(({ lease, asking }) => !asking && lease !== undefined && lease.untilMs <= nowMs)
    await this.#ask(ended.map((key) => ({ key, terms: this.#termsOf(key, nowMs) })))
  }

  #termsOf(key: HeldKey, nowMs: number): LeaseTerms {
    const nodes = this.#options.nodes()
    const wanted = key.isInUse ? Math.min(key.wanted, mostOf(key.check, nodes)) : 0
    const rest = key.surrender(nowMs)
    return wanted >= SMALLEST_LEASE ? { ...rest, wanted, divisor: divisorFor(nodes) } : rest
  }

  async #ask(renewals: readonly Renewal[]): Promise<void> {
    const worthIt = renewals.filter(({ terms }) => terms.rest > 0 || terms.wanted > 0)
    for (let at = 0; at < worthIt.length; at += KEYS_PER_CALL) {
      await this.#askOnce(worthIt.slice(at, at + KEYS_PER_CALL))
    }
  }

  /** Never rejects: what is lost on the way leaves the window by itself. */
  async #askOnce(renewals: readonly Renewal[]): Promise<void> {
    const { store, clock } = this.#options
    const askedAtMs = clock.now()
    const [checks, terms] = [renewals.map(({ key }) => key.check), renewals.map((one) => one.terms)]
    for (const { key } of renewals) key.asking = true
    try {
      const { leases = [], states } = await store.take(checks, 0, terms)
      for (const [at, lease] of leases.entries()) {
        this.receive(renewals[at]!.key, { lease, state: states[at]!, askedAtMs })
      }
    } catch {
      // Requests ask for themselves then, and learn what is wrong.
    } finally {
      for (const { key } of renewals) key.asking = false
    }
  }
}
