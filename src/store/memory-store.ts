// Limits in this process's memory: the embedded default, and the fallback while Redis is down. Answers at once.
import type { Clock, LimitCheck, LimitState } from '../plugin.ts'
import { localBucketKey } from './bucket-key.ts'
import { RateBucket } from './gcra.ts'
import {
  type Lease,
  type LeaseTerms,
  type LendingStore,
  type LendingVerdict,
  lend,
  NO_TERMS,
} from './lease.ts'
import { WindowBucket } from './sliding-window.ts'
import { slotPhaseUs } from './slot-phase.ts'

/** About 50 MB when every key is in use. */
const DEFAULT_MAX_KEYS = 100_000

/** Buckets looked at to free one place: enough that an exhausted one practically never goes before a fresh one. */
const EVICTION_SAMPLE = 16

export interface MemoryStoreOptions {
  readonly clock: Clock
  readonly maxKeys?: number
}

export interface MemoryStore extends LendingStore {
  readonly shared: false
  take(checks: readonly LimitCheck[], cost?: number, terms?: readonly LeaseTerms[]): LendingVerdict
  /** Keys held, at most `maxKeys`. */
  readonly size: number
}

/** `WindowBucket` or `RateBucket`: a check finds the bucket of its own kind, because the kind is part of the key. */
interface Bucket {
  waitUs(check: LimitCheck, nowUs: number, cost: number): number
  add(check: LimitCheck, nowUs: number, cost: number): void
  lend(check: LimitCheck, nowUs: number, lease: Lease): void
  giveBack(check: LimitCheck, nowUs: number, back: LeaseTerms): void
  left(check: LimitCheck, nowUs: number): number
  state(check: LimitCheck, nowUs: number, waitUs: number): LimitState
  readonly phaseUs: number
  readonly expiresAtUs: number
  readonly used: number
}

export function createMemoryStore(options: MemoryStoreOptions): MemoryStore {
  return new BucketTable(options.clock, options.maxKeys ?? DEFAULT_MAX_KEYS)
}

class BucketTable implements MemoryStore {
  readonly shared = false
  readonly #clock: Clock
  readonly #maxKeys: number
  readonly #buckets = new Map<string, Bucket>()
  /** Goes round the table in insertion order, so that every bucket is looked at in turn. */
  #hand: Iterator<[string, Bucket]>

  constructor(clock: Clock, maxKeys: number) {
    this.#clock = clock
    this.#maxKeys = maxKeys
    this.#hand = this.#buckets.entries()
  }

  get size(): number {
    return this.#buckets.size
  }

  take(checks: readonly LimitCheck[], cost = 1, terms?: readonly LeaseTerms[]): LendingVerdict {
    const clockUs = Math.floor(this.#clock.now() * 1000)
    const keys = checks.map(localBucketKey)
    if (terms) this.#giveBack(checks, keys, { terms, clockUs })
    const buckets = checks.map((check, at) => this.#buckets.get(keys[at]!) ?? emptyBucket(check))
    const times = buckets.map(({ phaseUs }) => clockUs + phaseUs)
    const waits = checks.map((check, at) => buckets[at]!.waitUs(check, times[at]!, cost))
    const allowed = waits.every((wait) => wait === 0)
    if (allowed && cost > 0) {
      for (const [at, check] of checks.entries()) {
        // Twice the same key is one bucket, counted once.
        if (keys.indexOf(keys[at]!) < at) buckets[at] = buckets[keys.indexOf(keys[at]!)]!
        else this.#add(keys[at]!, buckets[at]!, { check, clockUs, cost })
      }
    }
    const leases = terms?.map((one, at): Lease => {
      const [check, bucket, nowUs] = [checks[at]!, buckets[at]!, times[at]!]
      const left = bucket.left(check, nowUs)
      const lease = lend(check, allowed || cost === 0 ? one : NO_TERMS, { nowUs, left })
      if (lease.permits > 0) {
        bucket.lend(check, nowUs, lease)
        this.#keep(keys[at]!, bucket, clockUs)
      }
      return lease
    })
    const states = checks.map((check, at) => buckets[at]!.state(check, times[at]!, waits[at]!))
    return leases ? { allowed, states, leases } : { allowed, states }
  }

  #giveBack(
    checks: readonly LimitCheck[],
    keys: readonly string[],
    { terms, clockUs }: { terms: readonly LeaseTerms[]; clockUs: number },
  ): void {
    for (const [at, one] of terms.entries()) {
      const bucket = one.rest > 0 ? this.#buckets.get(keys[at]!) : undefined
      bucket?.giveBack(checks[at]!, clockUs + bucket.phaseUs, one)
    }
  }

  #add(key: string, bucket: Bucket, taken: { check: LimitCheck; clockUs: number; cost: number }): void {
    bucket.add(taken.check, taken.clockUs + bucket.phaseUs, taken.cost)
    this.#keep(key, bucket, taken.clockUs)
  }

  #keep(key: string, bucket: Bucket, clockUs: number): void {
    if (this.#buckets.has(key)) return
    if (this.#buckets.size >= this.#maxKeys) this.#evict(clockUs)
    this.#buckets.set(key, bucket)
  }

  /**
   * Frees one place: the first expired bucket in the sample, else the least used one. Whoever floods the table with new
   * keys evicts mostly those keys, at one request each, and not the exhausted bucket that is to be forgotten.
   */
  #evict(clockUs: number): void {
    let victim: string | undefined
    let least = Number.POSITIVE_INFINITY
    for (let looked = 0; looked < EVICTION_SAMPLE; looked++) {
      const [key, bucket] = this.#next()
      const used = bucket.expiresAtUs <= clockUs + bucket.phaseUs ? -1 : bucket.used
      if (used < least) {
        victim = key
        least = used
      }
      if (used < 0) break
    }
    this.#buckets.delete(victim!)
  }

  #next(): [string, Bucket] {
    const { value, done } = this.#hand.next()
    if (!done) return value
    this.#hand = this.#buckets.entries()
    return this.#hand.next().value!
  }
}

function emptyBucket(check: LimitCheck): Bucket {
  const phaseUs = slotPhaseUs(check)
  return check.kind === 'window' ? new WindowBucket(phaseUs) : new RateBucket(phaseUs)
}
