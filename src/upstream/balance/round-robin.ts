// Smooth weighted round robin: in turn, by weight, without bursts to the heavy ones.
import type { Target } from '../target.ts'
import { type Balancer, isFit, pickAnyway } from './balancer.ts'

export class RoundRobin<T extends Target> implements Balancer<T> {
  readonly #targets: readonly T[]
  readonly #credit: number[]

  constructor(targets: readonly T[]) {
    this.#targets = targets
    this.#credit = targets.map(() => 0)
  }

  pick(tried: ReadonlySet<string>): T | undefined {
    let chosen = -1
    let total = 0
    for (let at = 0; at < this.#targets.length; at++) {
      const target = this.#targets[at]!
      if (!isFit(target, tried)) continue
      total += target.weight
      this.#credit[at]! += target.weight
      if (chosen < 0 || this.#credit[at]! > this.#credit[chosen]!) chosen = at
    }
    if (chosen < 0) return pickAnyway(this.#targets, tried)
    this.#credit[chosen]! -= total
    return this.#targets[chosen]
  }
}
