// How many retries a service may get: a share of its requests and a small constant rate, never a storm.

const SLOTS = 10
const SLOT_MS = 1000
const MIN_IN_FLIGHT = 3
// Shares like 7 % are not exact in binary: what is one retry on paper must be one here.
const EPSILON = 1e-9

export interface BudgetLimits {
  readonly ratio: number
  readonly perSecond: number
  /** Living nodes: each has its part of `perSecond`. The ratio needs no sharing. */
  nodes(): number
}

// A token bucket over a sliding window: each request of the last 10 s brings `ratio` tokens, each retry takes one.
export class RetryBudget {
  readonly #limits: BudgetLimits
  readonly #requests = new Int32Array(SLOTS)
  readonly #retries = new Int32Array(SLOTS)
  #tick = 0
  #recentRequests = 0
  #recentRetries = 0
  #active = 0
  #retrying = 0

  constructor(limits: BudgetLimits) {
    this.#limits = limits
  }

  /** A request has come. Counted on arrival, so that a service that hangs still brings tokens. */
  arrive(now: number): void {
    this.#advance(now)
    this.#requests[this.#tick % SLOTS]!++
    this.#recentRequests++
    this.#active++
  }

  /** The request has its outcome. */
  depart(): void {
    this.#active--
  }

  /**
   * True: one retry may be made, and `release` must be called when it has its outcome.
   * `wasLoad`: the failed attempt reached the service, so that a retry is load on top.
   */
  withdraw(now: number, wasLoad: boolean): boolean {
    this.#advance(now)
    if (wasLoad && !this.#hasRoom()) return false
    if (this.#tokens() < 1 - EPSILON) return false
    this.#retries[this.#tick % SLOTS]!++
    this.#recentRetries++
    this.#retrying++
    return true
  }

  release(): void {
    this.#retrying--
  }

  // Tokens alone would let ten seconds of savings hit a service that has just begun to hang.
  #hasRoom(): boolean {
    return this.#retrying < Math.max(MIN_IN_FLIGHT, this.#limits.ratio * this.#active)
  }

  #tokens(): number {
    const { ratio, perSecond } = this.#limits
    const reserve = (perSecond * SLOTS) / Math.max(1, this.#limits.nodes())
    return ratio * this.#recentRequests + reserve - this.#recentRetries
  }

  #advance(now: number): void {
    const tick = Math.floor(now / SLOT_MS)
    const passed = Math.min(SLOTS, tick - this.#tick)
    for (let back = 0; back < passed; back++) this.#forget((tick - back) % SLOTS)
    this.#tick = tick
  }

  #forget(slot: number): void {
    this.#recentRequests -= this.#requests[slot]!
    this.#recentRetries -= this.#retries[slot]!
    this.#requests[slot] = 0
    this.#retries[slot] = 0
  }
}
