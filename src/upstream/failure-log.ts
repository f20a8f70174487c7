// Says why targets fail, once per target and while: a target that is down for an hour is not a line per request.
import type { GatewayError } from '../errors.ts'
import type { Clock, Logger } from '../plugin.ts'
import { Seldom } from '../seldom.ts'

export class FailureLog {
  readonly #service: string
  readonly #logger: Logger
  readonly #clock: Clock
  /** As many as the service has targets. */
  readonly #seldom = new Map<string, Seldom>()

  constructor(service: string, logger: Logger, clock: Clock) {
    this.#service = service
    this.#logger = logger
    this.#clock = clock
  }

  note(target: string, failure: GatewayError): void {
    const seldom = this.#seldom.get(target) ?? new Seldom(this.#clock)
    this.#seldom.set(target, seldom)
    seldom.say((moreSinceLastLine) => {
      const facts = { service: this.#service, target, code: failure.code, reason: reasonOf(failure.cause) }
      this.#logger.warn({ ...facts, moreSinceLastLine }, 'a call to a target failed')
    })
  }
}

function reasonOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined
  const { code } = cause as NodeJS.ErrnoException
  return code === undefined || cause.message.includes(code) ? cause.message : `${code}: ${cause.message}`
}
