// Active health checks: one probe per target and interval, with jitter; thresholds against flapping.
import type { Clock, Logger, Timer } from '../plugin.ts'
import type { HealthSettings } from './settings.ts'
import type { Target } from './target.ts'

/** Share of the interval by which checks are spread, so that nodes do not check in step. */
const JITTER = 0.1

export interface HealthOptions {
  readonly service: string
  readonly settings: HealthSettings
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Logger
}

/** Whether the target is well; rejects when it is not. */
export type Probe = () => Promise<boolean>

/** Checks one target until stopped. The first result counts at once, later ones by the thresholds. */
export class HealthCheck {
  readonly #target: Target
  readonly #probe: Probe
  readonly #options: HealthOptions
  #timer: Timer | undefined
  #stopped = false
  #first = true
  #streak = 0

  constructor(target: Target, probe: Probe, options: HealthOptions) {
    this.#target = target
    this.#probe = probe
    this.#options = options
    void this.#run()
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  async #run(): Promise<void> {
    const passed = await this.#check()
    if (this.#stopped) return
    this.#count(passed)
    const { settings, random, clock } = this.#options
    const wait = settings.everyMs * (1 - JITTER + random() * 2 * JITTER)
    this.#timer = clock.after(wait, () => void this.#run())
  }

  async #check(): Promise<boolean> {
    try {
      return await this.#probe()
    } catch {
      // Refused, reset or too slow: each is a failed check, and the state change is what gets logged.
      return false
    }
  }

  #count(passed: boolean): void {
    const { settings } = this.#options
    if (passed === this.#target.healthy) {
      this.#streak = 0
    } else {
      this.#streak++
      const needed = this.#first ? 1 : passed ? settings.healthy : settings.unhealthy
      if (this.#streak >= needed) this.#change(passed)
    }
    this.#first = false
  }

  #change(healthy: boolean): void {
    this.#streak = 0
    this.#target.healthy = healthy
    const { logger, service } = this.#options
    logger.warn({ service, target: this.#target.url, healthy }, 'target health changed')
  }
}
