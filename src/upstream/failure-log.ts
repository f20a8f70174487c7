// Says why targets fail, once per target and while: a target that is down for an hour is not a line per request.
import type { GatewayError } from '../errors.ts'
import type { Clock, Logger } from '../plugin.ts'

const EVERY_MS = 10_000

interface Silence {
  until: number
  suppressed: number
}

export class FailureLog {
  readonly #service: string
  readonly #logger: Logger
  readonly #clock: Clock
  /** As many as the service has targets. */
  readonly #silences = new Map<string, Silence>()

  constructor(service: string, logger: Logger, clock: Clock) {
    this.#service = service
    this.#logger = logger
    this.#clock = clock
  }

  note(target: string, failure: GatewayError): void {
    const now = this.#clock.now()
    const silence = this.#silences.get(target)
    if (silence && now < silence.until) {
      silence.suppressed++
      return
    }
    this.#silences.set(target, { until: now + EVERY_MS, suppressed: 0 })
    const facts = { service: this.#service, target, code: failure.code, reason: reasonOf(failure.cause) }
    this.#logger.warn({ ...facts, moreSinceLastLine: silence?.suppressed ?? 0 }, 'a call to a target failed')
  }
}

function reasonOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined
  const { code } = cause as NodeJS.ErrnoException
  return code === undefined || cause.message.includes(code) ? cause.message : `${code}: ${cause.message}`
}
