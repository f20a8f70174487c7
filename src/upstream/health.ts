// Active health checks: one GET per target and interval, with jitter; thresholds against flapping.
import type { Clock, Logger, Timer } from '../plugin.ts'
import { serverName } from './pool.ts'
import type { HealthSettings, TlsSettings } from './settings.ts'
import type { Target } from './target.ts'

/** Share of the interval by which checks are spread, so that nodes do not check in step. */
const JITTER = 0.1
/** Bytes of an answer that are read before the connection is given up. */
const MAX_BODY_BYTES = 64 * 1024

export interface HealthOptions {
  readonly service: string
  readonly settings: HealthSettings
  readonly tls: TlsSettings | undefined
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Logger
}

/** Checks one target until stopped. The first result counts at once, later ones by the thresholds. */
export class HealthCheck {
  readonly #target: Target
  readonly #options: HealthOptions
  #timer: Timer | undefined
  #stopped = false
  #first = true
  #streak = 0

  constructor(target: Target, options: HealthOptions) {
    this.#target = target
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
    const { settings, tls } = this.#options
    try {
      const name = serverName(this.#target.url, tls)
      const response = await this.#target.pool.request({
        method: 'GET',
        path: settings.path,
        headersTimeout: settings.timeoutMs,
        bodyTimeout: settings.timeoutMs,
        signal: AbortSignal.timeout(settings.timeoutMs),
        headers: { 'user-agent': 'turnpike-health' },
        ...(name === undefined ? {} : { servername: name }),
      })
      await response.body.dump({ limit: MAX_BODY_BYTES })
      return this.#accepts(response.statusCode)
    } catch {
      // Refused, reset or too slow: each is a failed check, and the state change is what gets logged.
      return false
    }
  }

  #accepts(status: number): boolean {
    const { status: accepted } = this.#options.settings
    return accepted ? accepted.includes(status) : status >= 200 && status < 400
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
