// The generation that serves, in this process: the next one is built aside and swapped in by one assignment.
import type { Configuration } from './config/configuration.ts'
import { Generation, type GenerationEnvironment } from './generation.ts'
import { atOnce, Pace } from './pace.ts'

export interface GenerationsOptions {
  readonly environment: GenerationEnvironment
  /** Of the first one. */
  readonly number: number
  /** The generation before is gone for good. */
  onRetired(serving: Generation): void
}

export class Generations {
  readonly #options: GenerationsOptions
  #current: Generation
  #building = 0
  #onSwap: (next: Generation) => void = () => {}

  /** Throws when the first generation cannot be built. */
  constructor(first: Configuration, options: GenerationsOptions) {
    this.#options = options
    // Nobody is served yet who would have to wait.
    this.#current = atOnce(Generation.build(options.number, first, options.environment))
  }

  get current(): Generation {
    return this.#current
  }

  /** Told of every generation that begins to serve after the first. */
  onSwap(listener: (next: Generation) => void): void {
    this.#onSwap = listener
  }

  /** Rejects when it cannot be built: nothing is left of it then. */
  async build(number: number, configuration: Configuration): Promise<Generation> {
    this.#building++
    try {
      return await new Pace().through(Generation.build(number, configuration, this.#options.environment))
    } finally {
      this.#building--
    }
  }

  swap(next: Generation): void {
    const old = this.#current
    this.#current = next
    void old.retire().then(() => {
      // What serves next has bound its metrics already: it must not lose them with those of the one that is gone.
      if (this.#building === 0) this.#options.onRetired(this.#current)
    })
    this.#onSwap(next)
  }
}
