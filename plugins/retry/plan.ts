// Whether and when a failed attempt is made again: safe, replayable, in time, within the budget.
import type { PluginContext, UpstreamRequest } from '../../src/plugin.ts'
import type { RetryBudget } from './budget.ts'
import { backoffMs, hintedMs } from './delay.ts'
import type { Failure } from './failure.ts'
import { type RetryMetrics, retryMetrics } from './metrics.ts'
import type { RetrySettings } from './settings.ts'

export interface RetryParts {
  readonly settings: RetrySettings
  readonly context: PluginContext
  readonly budget: RetryBudget
}

/** An attempt that failed, and what came before it. */
export interface Situation {
  readonly failure: Failure
  readonly request: UpstreamRequest
  /** Attempts made here so far, the failed one included. */
  readonly made: number
  /** A gateway in front is retrying this very request: attempts would multiply. */
  readonly retriedInFront: boolean
}

// Without a deadline a client would hang for as long as the service says. It can wait by itself.
const MAX_HINT_MS = 30_000

export class RetryPlan {
  readonly #parts: RetryParts
  readonly #methods: ReadonlySet<string>
  readonly #metrics: RetryMetrics

  constructor(parts: RetryParts) {
    this.#parts = parts
    this.#methods = new Set(parts.settings.methods)
    this.#metrics = retryMetrics(parts.context)
  }

  /** The wait before the next attempt, taken from the budget; undefined: the outcome stands. */
  next(situation: Situation): number | undefined {
    if (!this.#isSafe(situation)) return undefined
    const { failure, request, made } = situation
    if (!request.body.replayable) return this.#metrics.giveUp('body')
    if (made > this.#parts.settings.attempts) return this.#metrics.giveUp('attempts')
    const delayMs = this.#delay(failure, made)
    const now = this.#parts.context.clock.now()
    if (now + delayMs >= request.exchange.deadlineAt) return this.#metrics.giveUp('deadline')
    if (!this.#afford(failure, now)) return this.#metrics.giveUp('budget')
    this.#metrics.retried(failure.reason)
    return delayMs
  }

  #isSafe({ failure, request, retriedInFront }: Situation): boolean {
    if (failure.unprocessed) return true
    if (retriedInFront) return false
    return this.#methods.has(request.method) || request.headers.has('idempotency-key')
  }

  /** Infinity: longer than anybody should wait here. */
  #delay({ hintMs }: Failure, made: number): number {
    const { settings, context } = this.#parts
    if (hintMs === undefined) return backoffMs(settings.backoff, made, context.random())
    return hintMs > MAX_HINT_MS ? Number.POSITIVE_INFINITY : hintedMs(hintMs, context.random())
  }

  #afford({ reason, unprocessed }: Failure, now: number): boolean {
    // One dead target of three fails a third of all connects at once, and none of them was any load to the service.
    const wasLoad = !unprocessed || reason === 'status'
    return this.#parts.budget.withdraw(now, wasLoad)
  }
}
