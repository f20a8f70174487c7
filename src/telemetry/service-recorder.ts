// The attempts at one service's targets, as series; shared by every route of the service.
import type { Attempt, Clock } from '../plugin.ts'
import { INSTRUMENTS } from './instruments.ts'
import type { MetricRegistry } from './metric-registry.ts'
import { outcomeKey, outcomeLabels } from './outcome.ts'
import type { CounterSeries, HistogramSeries } from './series.ts'

const MAX_TARGETS = 1000
const MAX_OUTCOMES = 50
/** A target that the service no longer has may still be answering: its series stay until it is quiet. */
const QUIET_MS = 5 * 60_000

interface TargetSeries {
  readonly outcomes: Map<number, HistogramSeries>
  usedAt: number
}

export class ServiceRecorder {
  readonly #service: string
  readonly #registry: MetricRegistry
  readonly #clock: Clock
  readonly #targets = new Map<string, TargetSeries>()
  readonly #first: CounterSeries
  readonly #again: CounterSeries

  constructor(service: string, registry: MetricRegistry, clock: Clock) {
    this.#service = service
    this.#registry = registry
    this.#clock = clock
    this.#first = registry.bindCounter(INSTRUMENTS.attempts, { service, kind: 'first' })
    this.#again = registry.bindCounter(INSTRUMENTS.attempts, { service, kind: 'again' })
  }

  record(attempts: readonly Attempt[], now: number): void {
    if (attempts.length === 0) return
    this.#first.add(1)
    this.#again.add(attempts.length - 1)
    for (const attempt of attempts) this.#series(attempt, now)?.record(attempt.durationMs / 1000)
  }

  /** Drops what discovery has taken away. */
  prune(isTarget: (target: string) => boolean): void {
    const quietSince = this.#clock.now() - QUIET_MS
    for (const [target, { outcomes, usedAt }] of this.#targets) {
      if (usedAt > quietSince || isTarget(target)) continue
      for (const series of outcomes.values()) this.#registry.release(INSTRUMENTS.clientDuration, series)
      this.#targets.delete(target)
    }
  }

  #series(attempt: Attempt, now: number): HistogramSeries | undefined {
    const { target } = attempt
    const known = this.#target(target)
    if (!known) return undefined
    known.usedAt = now
    const key = outcomeKey('', attempt)
    const series = known.outcomes.get(key)
    if (series || known.outcomes.size >= MAX_OUTCOMES) return series
    const labels = { service: this.#service, target, ...outcomeLabels(attempt) }
    const made = this.#registry.bindHistogram(INSTRUMENTS.clientDuration, labels)
    known.outcomes.set(key, made)
    return made
  }

  #target(target: string): TargetSeries | undefined {
    const known = this.#targets.get(target)
    if (known || this.#targets.size >= MAX_TARGETS) return known
    const made: TargetSeries = { outcomes: new Map(), usedAt: 0 }
    this.#targets.set(target, made)
    return made
  }
}
