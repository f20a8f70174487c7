// Remembers tokens whose signature was good, so that a caller pays for the mathematics once a minute.
import { hash } from 'node:crypto'
import type { KeySet } from './key-set.ts'
import type { Outcome } from './provider.ts'

const CAPACITY = 10_000
const MAX_AGE_MS = 60_000

interface Entry {
  readonly outcome: Outcome
  readonly from: number
  readonly until: number
}

/** Of one provider only: two providers never share an answer about the same token. */
export class TokenCache {
  readonly #entries = new Map<string, Entry>()
  #keys: KeySet | undefined

  /** The outcome for exactly this token under exactly these keys. */
  get(token: string, keys: KeySet, nowMs: number): Outcome | undefined {
    if (keys !== this.#keys) return undefined
    const entry = this.#entries.get(digest(token))
    // Also false when the wall clock was set back: the token is then judged afresh.
    return entry !== undefined && nowMs >= entry.from && nowMs < entry.until ? entry.outcome : undefined
  }

  /** Only for accepted tokens: `endMs` is when the token ends. */
  set(
    token: string,
    keys: KeySet,
    times: { readonly nowMs: number; readonly endMs: number },
    outcome: Outcome,
  ): void {
    this.#startOverFor(keys)
    const key = digest(token)
    // A renewed entry goes to the end of the line.
    this.#entries.delete(key)
    if (this.#entries.size >= CAPACITY) this.#dropOldest()
    const until = Math.min(times.nowMs + MAX_AGE_MS, times.endMs)
    this.#entries.set(key, { outcome, from: times.nowMs, until })
  }

  get size(): number {
    return this.#entries.size
  }

  // A key that the issuer has withdrawn must not live on in what it has signed.
  #startOverFor(keys: KeySet): void {
    if (keys === this.#keys) return
    this.#entries.clear()
    this.#keys = keys
  }

  #dropOldest(): void {
    const [oldest] = this.#entries.keys()
    if (oldest !== undefined) this.#entries.delete(oldest)
  }
}

// The whole token, signature included: with less, a forged signature would find the entry of the true one.
function digest(token: string): string {
  return hash('sha256', token, 'base64url')
}
