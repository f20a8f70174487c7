// Remembers tokens whose signature was good, so that a caller pays for the mathematics once a minute.
import type { KeySet } from './key-set.ts'
import type { Outcome } from './provider.ts'

const CAPACITY = 10_000
/** Of all tokens together: 10,000 of a kilobyte, or fewer of the longest. */
const MAX_CHARACTERS = 10_000_000
const MAX_AGE_MS = 60_000
/** Of its signature: 72 bits, which good tokens do not share. V8 copies so few; of more it hashes and compares a part. */
const TAIL = 12

interface Entry {
  /** All of it, signature included: with less, a forged signature would pass for the true one. */
  readonly token: string
  readonly outcome: Outcome
  readonly from: number
  readonly until: number
}

/**
 * Of one provider only: two providers never share an answer about the same token.
 *
 * Found by its tail and compared as a whole: 1.8 % of a request, where with a digest of it this was 4.1 %, and V8's own hash
 * of the whole is no cheaper. Only good tokens are held, so that nobody fills the cache with what he makes up; and the tail of
 * another's token is as hard to guess as its signature, so that the time of the comparison tells nothing.
 */
export class TokenCache {
  readonly #entries = new Map<string, Entry>()
  #characters = 0
  #keys: KeySet | undefined

  /** The outcome for exactly this token under exactly these keys. */
  get(token: string, keys: KeySet, nowMs: number): Outcome | undefined {
    if (keys !== this.#keys) return undefined
    const entry = this.#entries.get(tailOf(token))
    if (entry === undefined || entry.token !== token) return undefined
    // Also false when the wall clock was set back: the token is then judged afresh.
    return nowMs >= entry.from && nowMs < entry.until ? entry.outcome : undefined
  }

  /** Only for accepted tokens: `endMs` is when the token ends. */
  set(
    token: string,
    keys: KeySet,
    times: { readonly nowMs: number; readonly endMs: number },
    outcome: Outcome,
  ): void {
    this.#startOverFor(keys)
    const own = ownCopy(token)
    const tail = tailOf(own)
    // A renewed entry goes to the end of the line.
    this.#drop(tail)
    while (this.#entries.size >= CAPACITY || this.#characters + own.length > MAX_CHARACTERS) {
      this.#drop(this.#entries.keys().next().value!)
    }
    this.#characters += own.length
    const until = Math.min(times.nowMs + MAX_AGE_MS, times.endMs)
    this.#entries.set(tail, { token: own, outcome, from: times.nowMs, until })
  }

  get size(): number {
    return this.#entries.size
  }

  // A key that the issuer has withdrawn must not live on in what it has signed.
  #startOverFor(keys: KeySet): void {
    if (keys === this.#keys) return
    this.#entries.clear()
    this.#characters = 0
    this.#keys = keys
  }

  #drop(tail: string): void {
    const entry = this.#entries.get(tail)
    if (entry === undefined) return
    this.#entries.delete(tail)
    this.#characters -= entry.token.length
  }
}

function tailOf(token: string): string {
  return token.slice(-TAIL)
}

// A part of a string keeps all of it alive: here a whole header, perhaps of many cookies.
function ownCopy(token: string): string {
  return Buffer.from(token, 'latin1').toString('latin1')
}
