// Counts the outcomes of the last while in ten time buckets: constant cost and memory at any request rate.

const BUCKETS = 10

export class OutcomeWindow {
  readonly #bucketMs: number
  readonly #calls = new Int32Array(BUCKETS)
  readonly #failed = new Int32Array(BUCKETS)
  readonly #slow = new Int32Array(BUCKETS)
  #tick = 0
  /** Outcomes that still count. */
  calls = 0
  failed = 0
  slow = 0

  constructor(windowMs: number) {
    this.#bucketMs = windowMs / BUCKETS
  }

  add(failed: boolean, slow: boolean, now: number): void {
    this.#advance(Math.floor(now / this.#bucketMs))
    const bucket = this.#tick % BUCKETS
    this.#calls[bucket]!++
    this.calls++
    if (failed) {
      this.#failed[bucket]!++
      this.failed++
    }
    if (slow) {
      this.#slow[bucket]!++
      this.slow++
    }
  }

  clear(): void {
    for (let bucket = 0; bucket < BUCKETS; bucket++) this.#forget(bucket)
  }

  #advance(tick: number): void {
    const passed = Math.min(BUCKETS, tick - this.#tick)
    for (let back = 0; back < passed; back++) this.#forget((tick - back) % BUCKETS)
    this.#tick = tick
  }

  #forget(bucket: number): void {
    this.calls -= this.#calls[bucket]!
    this.failed -= this.#failed[bucket]!
    this.slow -= this.#slow[bucket]!
    this.#calls[bucket] = 0
    this.#failed[bucket] = 0
    this.#slow[bucket] = 0
  }
}
