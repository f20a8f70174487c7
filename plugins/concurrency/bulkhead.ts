// Permits for requests in flight, and a bounded line of requests that wait for one.
import { type Clock, type Exchange, GatewayError } from '../../src/plugin.ts'
import { WaitingLine } from './waiting-line.ts'

export interface BulkheadLimits {
  /** Requests in flight at once. */
  readonly limit: number
  /** Requests that may wait. */
  readonly queue: number
  readonly waitMs: number
}

/** Why a request was refused: the line was full, or its time in the line ran out. */
export type Refusal = 'full' | 'expired'

export class Bulkhead {
  readonly #limits: BulkheadLimits
  readonly #clock: Clock
  readonly #line = new WaitingLine()
  #inFlight = 0

  constructor(limits: BulkheadLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }

  get inFlight(): number {
    return this.#inFlight
  }

  get waiting(): number {
    return this.#line.length
  }

  /** True: a permit was taken, and `leave` must be called once. */
  enter(): boolean {
    if (this.#inFlight >= this.#limits.limit) return false
    this.#inFlight++
    return true
  }

  /** Waits for a permit: undefined when it was given. Rejects when the client goes away. */
  async wait(exchange: Exchange): Promise<Refusal | undefined> {
    if (this.#line.length >= this.#limits.queue) return 'full'
    const waitMs = Math.min(this.#limits.waitMs, exchange.deadlineAt - this.#clock.now())
    if (waitMs <= 0) return 'expired'
    if (exchange.cancelled) throw exchange.cancelled
    return this.#standInLine(exchange, waitMs)
  }

  /** Gives a permit back; whoever waits longest gets it. Bound, to be a listener without a closure per request. */
  readonly leave = (): void => {
    const place = this.#line.shift()
    if (place) place.call()
    else this.#inFlight--
  }

  #standInLine(exchange: Exchange, waitMs: number): Promise<Refusal | undefined> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        timer.cancel()
        exchange.offCancel(giveUp)
      }
      const place = this.#line.join(() => {
        stop()
        resolve(undefined)
      })
      const giveUp = (reason: GatewayError) => {
        this.#line.leave(place)
        stop()
        reject(reason)
      }
      const timer = this.#clock.after(waitMs, () => {
        this.#line.leave(place)
        stop()
        resolve('expired')
      })
      exchange.onCancel(giveUp)
    })
  }
}

export function concurrencyLimited(refusal: Refusal): GatewayError {
  const detail =
    refusal === 'full' ? 'Send the request again later.' : 'No permit came free in time; try again later.'
  // Never 0: the client would run into the same limit at once.
  return new GatewayError('CONCURRENCY_LIMITED', { detail, headers: ['Retry-After', '1'] })
}
