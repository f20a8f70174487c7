// Keeps requests away from a store that fails: after a few failures in a row nothing is sent but one probe at a time.
import type { Clock, Timer } from '../plugin.ts'

/** One lost command is chance; three in a row, with no success between them, is an outage. */
const FAILURES_TO_OPEN = 3

/** Recovery must be seen within 2 s; a probe costs next to nothing. */
const PROBE_EVERY_MS = 500

export interface StoreBreakerOptions {
  readonly clock: Clock
  /** Resolves when the store works again. Must settle by itself. */
  probe(): Promise<unknown>
  /** Called once per change. */
  onOpen(reason: unknown): void
  onClose(openForMs: number): void
}

export class StoreBreaker {
  readonly #options: StoreBreakerOptions
  #failures = 0
  #openedAt: number | undefined
  #probing = false
  #timer: Timer | undefined
  #ended = false

  constructor(options: StoreBreakerOptions) {
    this.#options = options
  }

  get open(): boolean {
    return this.#openedAt !== undefined
  }

  /** While open only a probe counts: an answer that was under way may be older than the outage. */
  success(): void {
    if (!this.open) this.#failures = 0
  }

  failure(reason: unknown): void {
    if (this.open || this.#ended) return
    this.#failures++
    if (this.#failures < FAILURES_TO_OPEN) return
    this.#openedAt = this.#options.clock.now()
    this.#scheduleProbe()
    this.#options.onOpen(reason)
  }

  /** Probes now, when there is a sign that the store is back. */
  probeNow(): void {
    if (!this.open || this.#probing || this.#ended) return
    this.#timer?.cancel()
    this.#probing = true
    this.#options.probe().then(
      () => this.#probed(true),
      () => this.#probed(false),
    )
  }

  end(): void {
    this.#ended = true
    this.#timer?.cancel()
  }

  #probed(works: boolean): void {
    this.#probing = false
    if (this.#ended) return
    if (works) this.#close()
    else this.#scheduleProbe()
  }

  #close(): void {
    const openForMs = this.#options.clock.now() - this.#openedAt!
    this.#openedAt = undefined
    this.#failures = 0
    this.#options.onClose(openForMs)
  }

  #scheduleProbe(): void {
    this.#timer = this.#options.clock.after(PROBE_EVERY_MS, () => this.probeNow())
  }
}
