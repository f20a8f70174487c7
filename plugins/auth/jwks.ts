// The keys behind a JWKS address: fetched once for all, renewed in the background, the last good set kept.
import type { Clock, Counter, Logger, Meter, Timer } from '../../src/plugin.ts'
import { fetchText } from './fetch-text.ts'
import { MAX_SET_BYTES, parseJwkSet } from './jwk-set.ts'
import type { KeySet, KeySource } from './key-set.ts'

const TIMEOUT_MS = 2000
const TTL_MS = 10 * 60_000
const REFRESH_AHEAD = 0.8
const MAX_STALE_MS = 24 * 3_600_000
const COOL_DOWN_MS = 30_000
const FIRST_RETRY_MS = 1000

export interface JwksOptions {
  readonly url: string
  /** For logs and metrics. */
  readonly provider: string
  readonly clock: Clock
  readonly logger: Logger
  readonly meter: Meter
}

/** Fetches start by timer or by `refresh`, one at a time; no failure ever empties the set before 24 hours. */
export class JwksClient implements KeySource {
  readonly #options: JwksOptions
  readonly #fetches: Readonly<Record<'ok' | 'failed', Counter>>
  #keys: KeySet | undefined
  #text = ''
  #loadedAt = Number.NEGATIVE_INFINITY
  #running: Promise<void> | undefined
  #onDemandAt = Number.NEGATIVE_INFINITY
  #failures = 0
  #timer: Timer
  #abort = new AbortController()
  #closed = false

  constructor(options: JwksOptions) {
    const { meter, provider, clock } = options
    this.#options = options
    const count = (outcome: string): Counter =>
      meter.counter('auth_jwks_fetches_total', 'Fetches of a JWKS address', { provider, outcome })
    this.#fetches = { ok: count('ok'), failed: count('failed') }
    // By timer, so that building a configuration only to check it asks nobody for anything.
    this.#timer = clock.after(0, () => void this.#load())
  }

  current(): KeySet | undefined {
    return this.#options.clock.now() - this.#loadedAt <= MAX_STALE_MS ? this.#keys : undefined
  }

  refresh(): Promise<KeySet | undefined> | undefined {
    const now = this.#options.clock.now()
    if (this.#running === undefined && now < this.#onDemandAt) return undefined
    // Whoever invents key ids decides nothing about how often the issuer is asked.
    if (this.#running === undefined && this.#keys !== undefined) this.#onDemandAt = now + COOL_DOWN_MS
    return this.#load().then(() => this.current())
  }

  close(): void {
    this.#closed = true
    this.#timer.cancel()
    this.#abort.abort(new Error('closed'))
  }

  #load(): Promise<void> {
    this.#running ??= this.#fetch().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #fetch(): Promise<void> {
    if (this.#closed) return
    const { url, clock } = this.#options
    this.#abort = new AbortController()
    try {
      const limits = { timeoutMs: TIMEOUT_MS, maxBytes: MAX_SET_BYTES, clock, abort: this.#abort }
      this.#take(await fetchText(url, limits))
    } catch (failure) {
      this.#note(failure)
    }
  }

  #take(text: string): void {
    // The same text keeps the same object, and with it every verified token that is remembered.
    if (text !== this.#text || this.#keys === undefined) this.#keys = parseJwkSet(text)
    this.#text = text
    this.#loadedAt = this.#options.clock.now()
    this.#fetches.ok.add()
    if (this.#failures > 0) this.#options.logger.info(this.#facts(), 'the JWKS address answers again')
    this.#failures = 0
    this.#schedule(TTL_MS * REFRESH_AHEAD)
  }

  #note(failure: unknown): void {
    if (this.#closed) return
    this.#failures++
    this.#fetches.failed.add()
    const retryMs = this.#keys
      ? COOL_DOWN_MS
      : Math.min(COOL_DOWN_MS, FIRST_RETRY_MS * 2 ** (this.#failures - 1))
    this.#onDemandAt = this.#options.clock.now() + retryMs
    this.#schedule(retryMs)
    // Once for each outage; the counter tells how long it lasts.
    if (this.#failures > 1) return
    const facts = { ...this.#facts(), reason: reasonOf(failure), keysInForce: this.#keys !== undefined }
    this.#options.logger.warn(facts, 'the JWKS address gives no keys; the last good ones stay in force')
  }

  #schedule(ms: number): void {
    this.#timer.cancel()
    if (!this.#closed) this.#timer = this.#options.clock.after(ms, () => void this.#load())
  }

  #facts(): { readonly provider: string; readonly url: string } {
    return { provider: this.#options.provider, url: this.#options.url }
  }
}

/** Where a name has several addresses, and none of them answers, Node says no more than a code. */
function reasonOf(failure: unknown): string {
  const { message, code } = failure as NodeJS.ErrnoException
  return message || String(code)
}
