// Who else lives: each node announces itself every few seconds and learns how many there are.
import type { Clock, Logger, Timer } from '../plugin.ts'

const DEFAULT_EVERY_MS = 2000

/** Two beats may be lost before a node counts as dead. */
const BEATS_TO_LIVE = 3

/**
 * While the store is down, limits are shared out by the last known count; after this long it is no longer believed.
 * Long, because a count of 1 lets every node admit the whole limit.
 */
const DEFAULT_KEEP_MS = 15 * 60_000

/** Nodes that started together must not announce themselves together for ever. */
const JITTER = 0.2

export interface NodeRegistryOptions {
  /** Announces the node for `ttlMs`, 0 to leave, and resolves with the number of living nodes. */
  beat(id: string, ttlMs: number): Promise<number>
  /** Unique among all nodes. */
  readonly id: string
  readonly clock: Clock
  readonly logger: Logger
  random(): number
  readonly everyMs?: number
  readonly keepMs?: number
}

export interface NodeRegistry {
  /** Living nodes as last heard, at least 1. */
  nodes(): number
  /** Stops announcing and leaves, so that the others' share grows at once. */
  close(): Promise<void>
}

/** Starts to announce at once. */
export function createNodeRegistry(options: NodeRegistryOptions): NodeRegistry {
  return new BeatingRegistry(options)
}

class BeatingRegistry implements NodeRegistry {
  readonly #options: NodeRegistryOptions
  readonly #everyMs: number
  readonly #keepMs: number
  #count = 1
  #heardAt: number
  #timer: Timer | undefined
  #ended = false

  constructor(options: NodeRegistryOptions) {
    this.#options = options
    this.#everyMs = options.everyMs ?? DEFAULT_EVERY_MS
    this.#keepMs = options.keepMs ?? DEFAULT_KEEP_MS
    this.#heardAt = options.clock.now()
    this.#beat()
  }

  nodes(): number {
    return this.#options.clock.now() - this.#heardAt > this.#keepMs ? 1 : this.#count
  }

  async close(): Promise<void> {
    this.#ended = true
    this.#timer?.cancel()
    // Best effort: without it the entry expires by itself.
    await this.#options.beat(this.#options.id, 0).catch(() => undefined)
  }

  #beat(): void {
    const { beat, id } = this.#options
    beat(id, this.#everyMs * BEATS_TO_LIVE).then(
      (count) => {
        this.#heard(count)
        this.#scheduleBeat()
      },
      // The store logs its own outage, once: a line per lost beat would say the same every two seconds.
      () => this.#scheduleBeat(),
    )
  }

  #heard(count: number): void {
    const { clock, logger } = this.#options
    const living = Math.max(1, Math.trunc(count) || 1)
    if (living !== this.#count)
      logger.info({ nodes: living, before: this.#count }, 'the number of nodes has changed')
    this.#count = living
    this.#heardAt = clock.now()
  }

  #scheduleBeat(): void {
    if (this.#ended) return
    const { clock, random } = this.#options
    const everyMs = this.#everyMs * (1 - JITTER / 2 + random() * JITTER)
    this.#timer = clock.after(everyMs, () => this.#beat())
  }
}
