// One worker process of a node: serves what the primary tells it to, and answers its questions.
import type { FromWorker, Plan, Post, ToWorker } from './cluster/messages.ts'
import { openPrimaryLink, type PrimaryLink } from './cluster/primary-link.ts'
import type { Configuration, LoadResult } from './config/configuration.ts'
import type { CopiedFiles } from './config/file-copies.ts'
import { type FixedPart, withFixedPart } from './fixed-keys.ts'
import type { Generation } from './generation.ts'
import { serviceViews } from './introspection.ts'
import type { ClientAddresses } from './open-listeners.ts'
import type { Logger } from './plugin.ts'
import { createServing, type Serving } from './serving.ts'
import { createPrimaryStore, type PrimaryStore } from './store/primary-store.ts'
import { systemClock as clock } from './system-clock.ts'
import { MetricReporter } from './telemetry/metric-report.ts'

const PRIMARY_OUTAGE = 'whether the primary answers has changed: while it is down, limits follow onStoreError'

/** What a plan holds: all that a worker needs to build the same generation as the others. */
export interface WorkerConfig {
  readonly copies: CopiedFiles
  readonly hash: string
  readonly fixed: FixedPart
}

export interface WorkerOptions {
  load(copies: CopiedFiles): Promise<LoadResult>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly version: string
  /** Wins over the config's address. */
  readonly listen?: string | undefined
  /** For what the process itself has to say. */
  onLogger(logger: Logger): void
}

/** Serves from now on; the process ends when the primary says so, or is gone. */
export function startWorker(options: WorkerOptions): void {
  const link = openPrimaryLink()
  const worker = new Worker(link, options)
  link.onMessage((message) => worker.receive(message))
  link.send({ kind: 'hello' })
}

type Handlers = { readonly [K in ToWorker['kind']]: (told: Extract<ToWorker, { kind: K }>) => unknown }

/** What there is once the first generation has been built. */
interface Running {
  readonly serving: Serving
  readonly reporter: MetricReporter
  readonly store: PrimaryStore
}

class Worker {
  readonly #link: PrimaryLink
  readonly #options: WorkerOptions
  #running: Running | undefined
  /** Built aside, to be swapped in or dropped. */
  #built: Generation | undefined
  #addresses: ClientAddresses | undefined
  #ticketKeys: Buffer | undefined

  constructor(link: PrimaryLink, options: WorkerOptions) {
    this.#link = link
    this.#options = options
  }

  receive(message: ToWorker): void {
    ;(this.#handlers[message.kind] as (told: ToWorker) => unknown)(message)
  }

  readonly #handlers: Handlers = {
    start: ({ post, ticketKeys, ...plan }) => {
      this.#useTicketKeys(ticketKeys)
      void this.#reply(plan.number, () => this.#start(post, plan))
    },
    ticketKeys: ({ ticketKeys }) => this.#useTicketKeys(ticketKeys),
    prepare: (plan) => this.#reply(plan.number, () => this.#prepare(plan)),
    commit: ({ number }) => this.#reply(number, () => this.#commit(number)),
    abort: ({ number }) => {
      if (this.#built?.number === number) void this.#built.retire()
      this.#built = undefined
    },
    ask: async ({ id, question }) => {
      const { serving, reporter } = this.#running!
      const value =
        question === 'services'
          ? serviceViews(serving.generations.current, clock)
          : await reporter.take(question === 'metrics')
      this.#link.send({ kind: 'answer', id, value })
    },
    verdicts: ({ replies }) => this.#running?.store.receive(replies),
    drain: () => this.#drain(),
  }

  /** Whatever goes wrong is the primary's to judge. */
  async #reply(number: number, work: () => Promise<FromWorker>): Promise<void> {
    try {
      this.#link.send(await work())
    } catch (thrown) {
      const reason = thrown instanceof Error ? thrown.message : String(thrown)
      this.#link.send({ kind: 'refused', number, reason })
    }
  }

  async #start(post: Post, { number, config }: Plan): Promise<FromWorker> {
    const { fixed } = config as WorkerConfig
    const configuration = withFixedPart(await this.#load(config as WorkerConfig), fixed)
    const store = createPrimaryStore({
      send: (calls) => this.#link.send({ kind: 'takes', calls }),
      onOutage: (isDown) => this.#running?.serving.telemetry.logger.warn({ isDown }, PRIMARY_OUTAGE),
      clock,
    })
    const serving = await createServing(configuration, {
      ...this.#options,
      place: { ...post, number, store },
      onRetired: () => this.#link.send({ kind: 'retired' }),
    })
    this.#options.onLogger(serving.telemetry.logger)
    const reporter = new MetricReporter(serving.telemetry.meter, String(post.slot))
    this.#running = { serving, reporter, store }
    // Those of now: they may have changed meanwhile.
    serving.useTicketKeys(this.#ticketKeys!)
    return { kind: 'prepared', number }
  }

  #useTicketKeys(base64: string): void {
    this.#ticketKeys = Buffer.from(base64, 'base64')
    this.#running?.serving.useTicketKeys(this.#ticketKeys)
  }

  async #prepare({ number, config }: Plan): Promise<FromWorker> {
    const configuration = await this.#load(config as WorkerConfig)
    this.#built = await this.#running!.serving.generations.build(number, configuration)
    return { kind: 'prepared', number }
  }

  async #commit(number: number): Promise<FromWorker> {
    const { serving } = this.#running!
    if (this.#built) serving.generations.swap(this.#built)
    this.#built = undefined
    if (serving.generations.current.number !== number)
      throw new Error(`generation ${number} was not built here`)
    this.#addresses ??= await serving.listen(this.#options.listen)
    return { kind: 'serving', number, addresses: this.#addresses }
  }

  /** From what the primary has read: the files may say something else by now. */
  async #load({ copies, hash }: WorkerConfig): Promise<Configuration> {
    const result = await this.#options.load(copies)
    if (!result.configuration) throw new Error(result.render(false))
    if (result.configuration.hash === hash) return result.configuration
    throw new Error(
      'a worker reads another configuration than the primary: a module has changed meanwhile, or says something else each time',
    )
  }

  async #drain(): Promise<void> {
    const { serving, reporter } = this.#running!
    const clean = await serving.drain()
    this.#link.send({ kind: 'drained', clean, metrics: await reporter.take(true) })
    await serving.close()
    this.#link.close()
  }
}
