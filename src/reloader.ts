// Changes while traffic flows: read again, build aside, swap at once; a bad config changes nothing.
import type { Configuration, LoadResult } from './config/configuration.ts'
import type { ConfigFault } from './config/fault.ts'
import { Generation, type GenerationEnvironment } from './generation.ts'
import type { Logger } from './plugin.ts'

/** What the running process cannot change, under the names of the config's keys. */
const FIXED_KEYS = {
  listen: ({ listen }: Configuration) => listen,
  status: ({ status }: Configuration) => status,
  admin: ({ admin }: Configuration) => admin,
  redis: ({ redis }: Configuration) => redis,
  log: ({ logLevel }: Configuration) => logLevel,
  accessLog: ({ accessLog }: Configuration) => accessLog,
  tracing: ({ tracing }: Configuration) => JSON.stringify(tracing),
}

export interface ReloaderOptions {
  readonly environment: GenerationEnvironment
  readonly logger: Logger
  load(): Promise<LoadResult>
  /** Told of every attempt, with the generation that serves afterwards. */
  onReload(result: ReloadOutcome['result'], serving: Generation): void
  /** The generation before is gone for good. */
  onRetired(serving: Generation): void
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
  /** What the process was started with. */
  readonly #first: Configuration
  #current: Generation
  #running: Promise<ReloadOutcome> | undefined
  #again = false
  #files: readonly string[] = []

  /** Throws when the first generation cannot be built. */
  constructor(first: Configuration, options: ReloaderOptions) {
    this.#options = options
    this.#first = first
    this.#current = new Generation(1, first, options.environment)
  }

  get current(): Generation {
    return this.#current
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
      this.#options.onReload(outcome.result, this.#current)
    } while (this.#again)
    return outcome
  }

  async #reloadOnce(): Promise<ReloadOutcome> {
    const { logger, environment } = this.#options
    try {
      const result = await this.#options.load()
      this.#files = result.files
      if (!result.configuration) return this.#refuse(result.render(false), result.faults)
      if (result.configuration.hash === this.#current.configuration.hash) {
        return { result: 'unchanged', message: 'nothing has changed', faults: [] }
      }
      const next = new Generation(this.#current.number + 1, result.configuration, environment)
      this.#warnOfFixedKeys(result.configuration)
      this.#swap(next)
      logger.info({ generation: next.number, hash: next.configuration.hash }, 'config reloaded')
      return { result: 'applied', message: `generation ${next.number} serves`, faults: [] }
    } catch (thrown) {
      // A plugin's `create` or a TLS file: the same rule, the old generation serves on.
      return this.#refuse(thrown instanceof Error ? thrown.message : String(thrown))
    }
  }

  #swap(next: Generation): void {
    const old = this.#current
    this.#current = next
    old.retire().then(
      () => this.#options.onRetired(this.#current),
      (failure) => this.#options.logger.error({ err: failure }, 'a retired generation failed to close'),
    )
  }

  #refuse(message: string, faults: readonly ConfigFault[] = []): ReloadOutcome {
    this.#options.logger.error({ faults: message }, 'config refused: the old one serves on')
    return { result: 'refused', message, faults }
  }

  #warnOfFixedKeys(next: Configuration): void {
    const changed = Object.entries(FIXED_KEYS)
      .filter(([, read]) => read(next) !== read(this.#first))
      .map(([key]) => key)
    if (changed.length > 0)
      this.#options.logger.warn({ keys: changed }, 'these keys need a restart to change')
  }
}
