// The metrics of a route's limits, bound when the route is compiled.
import type { Counter, Meter } from '../../src/plugin.ts'
import type { Limit } from './limit.ts'

interface Counters {
  readonly allowed: Counter
  readonly limited: Counter
  readonly storeErrors: Counter
}

export class LimitCounters {
  readonly #counters: ReadonlyMap<Limit, Counters>

  constructor(limits: readonly Limit[], meter: Meter) {
    this.#counters = new Map(limits.map((limit) => [limit, bind(limit, meter)]))
  }

  allowed(limit: Limit): void {
    this.#counters.get(limit)!.allowed.add()
  }

  limited(limit: Limit): void {
    this.#counters.get(limit)!.limited.add()
  }

  storeError(limit: Limit): void {
    this.#counters.get(limit)!.storeErrors.add()
  }
}

function bind({ name: policy, onStoreError: behaviour }: Limit, meter: Meter): Counters {
  const decision = (word: string): Counter =>
    meter.counter('ratelimit_decisions_total', 'Requests that a limit let pass or refused', {
      policy,
      decision: word,
    })
  return {
    allowed: decision('allowed'),
    limited: decision('limited'),
    storeErrors: meter.counter(
      'ratelimit_store_errors_total',
      'Requests for which the store could not be asked',
      {
        policy,
        behaviour,
      },
    ),
  }
}
