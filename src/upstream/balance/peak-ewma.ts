// The load of one target as peak EWMA: a rise in latency counts at once, a fall only over the decay time.

/** Finagle's decay, in milliseconds. */
const DECAY_MS = 10_000
/** Assumed latency of a target that was never measured. */
const SEED_MS = 30

export class PeakEwma {
  #valueMs = SEED_MS
  #stampMs: number

  constructor(nowMs: number) {
    this.#stampMs = nowMs
  }

  /** Takes one latency into account: ewma = rtt when higher, else decayed towards it by e^(-dt/tau). */
  observe(rttMs: number, nowMs: number): void {
    const weight = this.#weight(nowMs)
    this.#valueMs = rttMs > this.#valueMs ? rttMs : rttMs * (1 - weight) + this.#valueMs * weight
    this.#stampMs = nowMs
  }

  /** Milliseconds, decayed towards 0 since the last observation, so that a shunned target is tried again. */
  read(nowMs: number): number {
    return this.#valueMs * this.#weight(nowMs)
  }

  #weight(nowMs: number): number {
    return Math.exp(-Math.max(0, nowMs - this.#stampMs) / DECAY_MS)
  }
}
