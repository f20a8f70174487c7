// Power of two choices: draw two distinct targets, take the one with the lower load.
import type { Target } from '../target.ts'
import { type Balancer, isFit, pickAnyway } from './balancer.ts'

/** Finagle's effort for up to half of the targets unfit: (1/2)^2^4 < 1 % to miss a fit one by drawing. */
const MAX_DRAWS = 4

export class PowerOfTwoChoices<T extends Target> implements Balancer<T> {
  readonly #targets: readonly T[]
  readonly #random: () => number

  constructor(targets: readonly T[], random: () => number) {
    this.#targets = targets
    this.#random = random
  }

  pick(tried: ReadonlySet<string>): T | undefined {
    const targets = this.#targets
    if (targets.length < 2) return pickAnyway(targets, tried)
    for (let draw = 0; draw < MAX_DRAWS; draw++) {
      const best = this.#drawTwo(tried)
      if (best) return best
    }
    return pickAnyway(targets, tried)
  }

  #drawTwo(tried: ReadonlySet<string>): T | undefined {
    const count = this.#targets.length
    const first = Math.floor(this.#random() * count)
    let second = Math.floor(this.#random() * (count - 1))
    if (second >= first) second++
    const a = this.#targets[first]!
    const b = this.#targets[second]!
    if (!isFit(a, tried)) return isFit(b, tried) ? b : undefined
    if (!isFit(b, tried)) return a
    return b.load() < a.load() ? b : a
  }
}
