// The generation that serves, in this process: the next one is built aside and swapped in by one assignment.
import type { Configuration } from './config/configuration.ts'
import { Generation, type GenerationEnvironment } from './generation.ts'

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
  #onSwap: (next: Generation) => void = () => {}

  /** Throws when the first generation cannot be built. */
  constructor(first: Configuration, options: GenerationsOptions) {
    this.#options = options
    this.#current = new Generation(options.number, first, options.environment)
  }

  get current(): Generation {
    return this.#current
  }

  /** Told of every generation that begins to serve after the first. */
  onSwap(listener: (next: Generation) => void): void {
    this.#onSwap = listener
  }

  /** Throws when it cannot be built: nothing is left of it then. */
  build(number: number, configuration: Configuration): Generation {
    return new Generation(number, configuration, this.#options.environment)
  }

  swap(next: Generation): void {
    const old = this.#current
    this.#current = next
    this.#onSwap(next)
    const { environment, onRetired } = this.#options
    old.retire().then(
      () => onRetired(this.#current),
      (failure) => environment.logger.error({ err: failure }, 'a retired generation failed to close'),
    )
  }
}
