// The keys that a node may hold leases of: so many and no more, and what nobody uses goes back to the store.
import type { Clock, LimitCheck, Timer } from '../plugin.ts'
import { HeldKey } from './held-key.ts'
import type { LendingStore } from './lease.ts'

/** About 4 MB. When all are in use, further keys are asked about one by one. */
const MAX_KEYS = 10_000

/** A client chooses header values: longer ones are left to the store, which keeps a digest. */
const MAX_KEY_LENGTH = 512

/** A key that goes on being used gives back with its next lease; what nobody asks for any more is looked for. */
const SWEEP_EVERY_MS = 500

/** Keys in one call that gives back: half a millisecond of the store's time. */
const KEYS_PER_CALL = 64

export class HeldKeys {
  readonly #store: LendingStore
  readonly #clock: Clock
  readonly #keys = new Map<string, HeldKey>()
  #sweeping: Timer | undefined
  #closed = false

  constructor(store: LendingStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
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
    this.#sweeping ??= this.#clock.after(SWEEP_EVERY_MS, () => this.#sweep())
    return key
  }

  /** Gives back everything; no key is opened any more. */
  async close(): Promise<void> {
    this.#closed = true
    this.#sweeping?.cancel()
    const keys = [...this.#keys.values()]
    this.#keys.clear()
    await this.#giveBack(keys)
  }

  #sweep(): void {
    const nowMs = this.#clock.now()
    const ended: HeldKey[] = []
    for (const [name, key] of this.#keys) {
      if (key.hasEndedBefore(nowMs - SWEEP_EVERY_MS)) ended.push(key)
      else if (key.isUnused(nowMs)) this.#keys.delete(name)
    }
    void this.#giveBack(ended)
    const sweep = (): void => this.#sweep()
    this.#sweeping = this.#keys.size === 0 ? undefined : this.#clock.after(SWEEP_EVERY_MS, sweep)
  }

  /** Never rejects: what is lost on the way leaves the window by itself. */
  async #giveBack(keys: readonly HeldKey[]): Promise<void> {
    const nowMs = this.#clock.now()
    const rests = keys
      .map((key) => ({ check: key.check, terms: key.surrender(nowMs) }))
      .filter(({ terms }) => terms.rest > 0)
    const calls: unknown[] = []
    for (let at = 0; at < rests.length; at += KEYS_PER_CALL) {
      const some = rests.slice(at, at + KEYS_PER_CALL)
      const [checks, terms] = [some.map((one) => one.check), some.map((one) => one.terms)]
      calls.push(this.#store.take(checks, 0, terms))
    }
    await Promise.allSettled(calls)
  }
}
