// Per-target failure accrual: alive, ejected for a growing while, then one real request as the probe.
import type { Clock } from '../plugin.ts'
import type { EjectionSettings } from './settings.ts'

/** Waits double up to this exponent before `maxMs` caps them. */
const MAX_DOUBLINGS = 16

export interface EjectionOptions {
  readonly settings: EjectionSettings
  readonly clock: Clock
  readonly random: () => number
  readonly onChange: (ejected: boolean) => void
}

export class Ejection {
  readonly #options: EjectionOptions
  #state: 'alive' | 'ejected' | 'probing' = 'alive'
  #until = 0
  #times = 0
  #consecutive = 0
  #successRate = 1
  #seen = 0
  #stampMs = 0

  constructor(options: EjectionOptions) {
    this.#options = options
  }

  /** True when a request may go there: alive, or ejected long enough and nobody probes yet. */
  isAvailable(): boolean {
    if (this.#state === 'alive') return true
    return this.#state === 'ejected' && this.#options.clock.now() >= this.#until
  }

  get isEjected(): boolean {
    return this.#state !== 'alive'
  }

  /** Monotonic milliseconds of the next probe; 0 when alive. */
  get ejectedUntil(): number {
    return this.#state === 'alive' ? 0 : this.#until
  }

  /** A request is on its way: the first one after an ejection is the probe, alone. */
  onPick(): void {
    if (this.#state === 'ejected' && this.isAvailable()) this.#state = 'probing'
  }

  /** The outcome says nothing about the target (the client went away): a probe is given back. */
  onIgnored(): void {
    if (this.#state === 'probing') this.#state = 'ejected'
  }

  onSuccess(now: number): void {
    this.#consecutive = 0
    this.#record(1, now)
    if (this.#state === 'alive') return
    this.#state = 'alive'
    this.#times = 0
    this.#successRate = 1
    this.#seen = 0
    this.#options.onChange(false)
  }

  onFailure(now: number): void {
    this.#consecutive++
    this.#record(0, now)
    if (this.#state === 'probing') this.#eject(now)
    else if (this.#state === 'alive' && this.#isFailing()) this.#eject(now)
  }

  #isFailing(): boolean {
    const { failures, successRate, minimum } = this.#options.settings
    return this.#consecutive >= failures || (this.#seen >= minimum && this.#successRate < successRate)
  }

  #record(outcome: 0 | 1, now: number): void {
    const { windowMs } = this.#options.settings
    // Finagle's hybrid policy: an average over time, so that one failure in a quiet hour does not count double.
    const elapsed = this.#seen === 0 ? windowMs / 10 : Math.max(1, now - this.#stampMs)
    const weight = Math.exp(-elapsed / windowMs)
    this.#successRate = outcome * (1 - weight) + this.#successRate * weight
    this.#seen = elapsed > windowMs ? 1 : this.#seen + 1
    this.#stampMs = now
  }

  #eject(now: number): void {
    const { settings, random, onChange } = this.#options
    const whole = Math.min(settings.baseMs * 2 ** Math.min(this.#times, MAX_DOUBLINGS), settings.maxMs)
    // Equal jitter (d/2 + U[0, d/2)): nodes that ejected together do not probe together.
    this.#until = now + whole / 2 + random() * (whole / 2)
    this.#times++
    const wasAlive = this.#state === 'alive'
    this.#state = 'ejected'
    if (wasAlive) onChange(true)
  }
}
