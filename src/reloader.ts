// Changes while traffic flows: read again, build aside, swap at once; a bad config changes nothing.
import type { Configuration, LoadResult } from './config/configuration.ts'
import type { ConfigFault } from './config/fault.ts'
import type { CopiedFiles } from './config/file-copies.ts'
import { changedFixedKeys, type FixedPart, fixedPart } from './fixed-keys.ts'
import type { Clock, Logger } from './plugin.ts'

/** What a generation is built from. */
export interface Blueprint {
  readonly number: number
  readonly configuration: Configuration
  /** What its files said: to build it again elsewhere. */
  readonly copies: CopiedFiles
}

export interface ServingConfiguration extends Omit<Blueprint, 'copies'> {
  /** Milliseconds since 1970 from which it serves. */
  readonly since: number
}

/** Where generations are built aside and swapped in: this process, or all of its workers. */
export interface Builder {
  /** Resolves with what swaps it in. Rejects when it cannot be built: nothing is left of it then. */
  prepare(next: Blueprint): Promise<() => Promise<void> | void>
}

export interface ReloaderOptions {
  readonly builder: Builder
  readonly clock: Clock
  readonly logger: Logger
  load(): Promise<LoadResult>
  /** Told of every attempt, with what serves afterwards. */
  onReload(result: ReloadOutcome['result'], serving: ServingConfiguration): void
}

export interface ReloadOutcome {
  readonly result: 'applied' | 'unchanged' | 'refused'
  /** What was wrong, or what has changed. */
  readonly message: string
  /** Of a refused config; empty when a part of it could not be built. */
  readonly faults: readonly ConfigFault[]
}

export class Reloader {
  readonly #options: ReloaderOptions
  /** What the process was started with; the whole of it would be a configuration more in memory. */
  readonly #fixed: FixedPart
  #serving: ServingConfiguration
  #running: Promise<ReloadOutcome> | undefined
  #again = false
  #files: readonly string[] = []

  /** `first` serves already. */
  constructor(first: Configuration, options: ReloaderOptions) {
    this.#options = options
    this.#fixed = fixedPart(first)
    this.#serving = { number: 1, configuration: first, since: options.clock.epochMs() }
  }

  get serving(): ServingConfiguration {
    return this.#serving
  }

  /** Files of the last attempt: what to watch. */
  get files(): readonly string[] {
    return this.#files
  }

  /** One at a time; asked again meanwhile, it reads the files once more at the end. Never rejects. */
  reload(): Promise<ReloadOutcome> {
    if (this.#running !== undefined) {
      this.#again = true
      return this.#running
    }
    this.#running = this.#reloadUntilCurrent().finally(() => {
      this.#running = undefined
    })
    return this.#running
  }

  async #reloadUntilCurrent(): Promise<ReloadOutcome> {
    let outcome: ReloadOutcome
    do {
      this.#again = false
      outcome = await this.#reloadOnce()
      this.#options.onReload(outcome.result, this.#serving)
    } while (this.#again)
    return outcome
  }

  async #reloadOnce(): Promise<ReloadOutcome> {
    try {
      const result = await this.#options.load()
      this.#files = result.files
      if (!result.configuration) return this.#refuse(result.render(false), result.faults)
      if (result.configuration.hash === this.#serving.configuration.hash) {
        return { result: 'unchanged', message: 'nothing has changed', faults: [] }
      }
      return await this.#apply(result.configuration, result.copies)
    } catch (thrown) {
      // A plugin's `create`: the same rule, the old generation serves on.
      return this.#refuse(thrown instanceof Error ? thrown.message : String(thrown))
    }
  }

  async #apply(configuration: Configuration, copies: CopiedFiles): Promise<ReloadOutcome> {
    const { builder, clock, logger } = this.#options
    const number = this.#serving.number + 1
    const commit = await builder.prepare({ number, configuration, copies })
    this.#warnOfFixedKeys(configuration)
    await commit()
    this.#serving = { number, configuration, since: clock.epochMs() }
    logger.info({ generation: number, hash: configuration.hash }, 'config reloaded')
    return { result: 'applied', message: `generation ${number} serves`, faults: [] }
  }

  #refuse(message: string, faults: readonly ConfigFault[] = []): ReloadOutcome {
    this.#options.logger.error({ faults: message }, 'config refused: the old one serves on')
    return { result: 'refused', message, faults }
  }

  #warnOfFixedKeys(next: Configuration): void {
    const changed = changedFixedKeys(this.#fixed, next)
    if (changed.length > 0)
      this.#options.logger.warn({ keys: changed }, 'these keys need a restart to change')
  }
}
