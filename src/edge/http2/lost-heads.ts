// Heads of requests that came to nothing before anybody was told: too large, malformed, one stream too many.
import type { Http2Limits } from './http2-sessions.ts'

/**
 * They cost what requests cost that are taken back at once, and have the same budget. node:http2 refuses them by itself
 * and says so to nobody, but they take up stream ids: 19,000 a second kept a worker busy.
 */
export class LostHeads {
  readonly #budget: Http2Limits['http2']
  #left: number
  #lost = 0
  #at: number

  constructor(budget: Http2Limits['http2'], now: number) {
    this.#budget = budget
    this.#left = budget.resets
    this.#at = now
  }

  /** `lastStream`: of all that the client has opened; `told`: how many of them became requests. */
  areTooMany(lastStream: number, told: number, now: number): boolean {
    const { resets, resetsPerSecond } = this.#budget
    // Clients count in odd numbers from 1 (RFC 9113 section 5.1.1); what they leave out they have taken back.
    const lost = Math.ceil(lastStream / 2) - told
    const refilled = this.#left + ((now - this.#at) / 1000) * resetsPerSecond
    // A head that is under way is lost only until it is whole.
    this.#left = Math.min(resets, refilled) - (lost - this.#lost)
    this.#lost = lost
    this.#at = now
    return this.#left < 0
  }
}
