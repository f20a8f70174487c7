// The limits of a node with several workers: they are kept by the primary process, and each worker asks it.
import { type Clock, GatewayError } from '../plugin.ts'
import type { LendingStore, LendingVerdict } from './lease.ts'
import { StoreBreaker } from './store-breaker.ts'

/** The primary is on the same machine and does nothing else for long: one that is so late is stuck. */
const TIMEOUT_MS = 1000
/** Calls waited for at once: more than a worker has requests. */
const MAX_WAITING = 20_000

type TakeArguments = Parameters<LendingStore['take']>

/** A call, numbered by the worker that makes it. */
export interface NumberedCall {
  readonly id: number
  readonly args: TakeArguments
}

export interface NumberedVerdict {
  readonly id: number
  readonly verdict: LendingVerdict
}

export interface PrimaryStoreOptions {
  send(calls: readonly NumberedCall[]): void
  /** The primary does not answer, or answers again. */
  onOutage(isDown: boolean): void
  readonly clock: Clock
}

export interface PrimaryStore extends LendingStore {
  readonly shared: false
  take(...args: TakeArguments): Promise<LendingVerdict>
  /** What the primary has answered. */
  receive(replies: readonly NumberedVerdict[]): void
  close(): void
}

export function createPrimaryStore(options: PrimaryStoreOptions): PrimaryStore {
  return new AskingStore(options)
}

class AskingStore implements PrimaryStore {
  readonly shared = false
  readonly #options: PrimaryStoreOptions
  readonly #breaker: StoreBreaker
  readonly #waiting = new Map<number, (verdict: LendingVerdict) => void>()
  #batch: NumberedCall[] = []
  #lastId = 0

  constructor(options: PrimaryStoreOptions) {
    this.#options = options
    const { clock, onOutage } = options
    this.#breaker = new StoreBreaker({
      clock,
      probe: () => this.#ask([[], 0]),
      onOpen: () => onOutage(true),
      onClose: () => onOutage(false),
    })
  }

  async take(...[checks, cost = 1, terms = []]: TakeArguments): Promise<LendingVerdict> {
    if (this.#breaker.open) throw new GatewayError('STORE_UNAVAILABLE')
    try {
      // Without holes: as JSON they would be nulls.
      const verdict = await this.#ask(terms.length > 0 ? [checks, cost, terms] : [checks, cost])
      this.#breaker.success()
      return verdict
    } catch (error) {
      this.#breaker.failure(error)
      throw error
    }
  }

  receive(replies: readonly NumberedVerdict[]): void {
    for (const { id, verdict } of replies) this.#waiting.get(id)?.(verdict)
  }

  close(): void {
    this.#breaker.end()
  }

  #ask(args: TakeArguments): Promise<LendingVerdict> {
    const { promise, resolve, reject } = Promise.withResolvers<LendingVerdict>()
    if (this.#waiting.size >= MAX_WAITING) return Promise.reject(unavailable('too many calls wait'))
    const id = ++this.#lastId
    const timer = this.#options.clock.after(TIMEOUT_MS, () => {
      // As with Redis: what has arrived while the event loop was held up still counts.
      setImmediate(() => {
        if (this.#waiting.delete(id)) reject(unavailable('the primary did not answer in time'))
      })
    })
    this.#waiting.set(id, (verdict) => {
      this.#waiting.delete(id)
      timer.cancel()
      resolve(verdict)
    })
    this.#add({ id, args })
    return promise
  }

  /** The calls of one turn of the event loop share a message. */
  #add(call: NumberedCall): void {
    if (this.#batch.push(call) > 1) return
    setImmediate(() => {
      const calls = this.#batch
      this.#batch = []
      this.#options.send(calls)
    })
  }
}

function unavailable(reason: string): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', { cause: new Error(reason) })
}
