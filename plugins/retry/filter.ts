// The filter around the call to the service: attempt, judge, wait, attempt again.
import {
  type Call,
  type Clock,
  type Exchange,
  type Filter,
  type GatewayError,
  outcomeStatus,
  type UpstreamRequest,
  type UpstreamResponse,
} from '../../src/plugin.ts'
import { type Condition, type Failure, failureOfCall, failureOfError, failureOfResponse } from './failure.ts'
import { Failed, type Outcome, settle, toFailed } from './outcome.ts'
import { type RetryParts, RetryPlan } from './plan.ts'

const ATTEMPT_HEADER = 'X-Gateway-Attempt'
/** How many attempts came before this one (gRPC's proposal A6). */
const GRPC_ATTEMPTS_HEADER = 'grpc-previous-rpc-attempts'
const ATTEMPT_NUMBER = /^[1-9]\d{0,2}$/

export function retryFilter(parts: RetryParts): Filter {
  const { budget } = parts
  const { clock } = parts.context
  const on: ReadonlySet<Condition> = new Set(parts.settings.on)
  return (next) => {
    const loop = new RetryLoop(parts, on, next)
    return async function retryCall(request) {
      budget.arrive(clock.now())
      try {
        let outcome: Outcome
        // Not `.catch`, which is a promise more for each request.
        try {
          outcome = await next(request)
        } catch (thrown) {
          outcome = new Failed(thrown)
        }
        if (!(outcome instanceof Failed) && !on.has(outcomeStatus(request.exchange, outcome))) return outcome
        return await loop.run(request, outcome)
      } finally {
        budget.depart()
      }
    }
  }
}

/** What happens after a first attempt that may have failed. */
class RetryLoop {
  readonly #parts: RetryParts
  readonly #on: ReadonlySet<Condition>
  readonly #next: Call
  readonly #plan: RetryPlan

  constructor(parts: RetryParts, on: ReadonlySet<Condition>, next: Call) {
    this.#parts = parts
    this.#on = on
    this.#next = next
    this.#plan = new RetryPlan(parts)
  }

  /** The last outcome is the answer. */
  async run(request: UpstreamRequest, first: Outcome): Promise<UpstreamResponse> {
    const retriedInFront = attemptNumber(request) > 1
    let outcome = first
    for (let made = 1; ; made++) {
      const failure = this.#judge(outcome, request)
      const delayMs = failure && this.#plan.next({ failure, request, made, retriedInFront })
      if (delayMs === undefined) return settle(outcome)
      if (!(outcome instanceof Failed)) outcome.body.discard()
      outcome = await this.#attemptAgain(request, delayMs)
    }
  }

  #judge(outcome: Outcome, { exchange }: UpstreamRequest): Failure | undefined {
    if (outcome instanceof Failed) return failureOfError(outcome.thrown, this.#on)
    const status = outcomeStatus(exchange, outcome)
    if (!this.#on.has(status)) return undefined
    if (exchange.grpc !== undefined) return failureOfCall(outcome)
    return failureOfResponse(outcome, this.#parts.context.clock.epochMs())
  }

  async #attemptAgain(request: UpstreamRequest, delayMs: number): Promise<Outcome> {
    const { context, budget } = this.#parts
    try {
      if (delayMs > 0) await pause(context.clock, request.exchange, delayMs)
      const attempt = attemptNumber(request) + 1
      request.headers.set(ATTEMPT_HEADER, String(attempt))
      if (request.exchange.grpc !== undefined) request.headers.set(GRPC_ATTEMPTS_HEADER, String(attempt - 1))
      return await this.#next(request).catch(toFailed)
    } finally {
      budget.release()
    }
  }
}

/** Which attempt the request says it is: set by a trusted gateway in front, or by us. */
function attemptNumber({ headers }: UpstreamRequest): number {
  const value = headers.get('x-gateway-attempt')
  return value !== undefined && ATTEMPT_NUMBER.test(value) ? Number(value) : 1
}

/** Rejects when the client goes away, with the reason. */
function pause(clock: Clock, exchange: Exchange, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    if (exchange.cancelled) return reject(exchange.cancelled)
    const giveUp = (reason: GatewayError) => {
      timer.cancel()
      reject(reason)
    }
    const timer = clock.after(ms, () => {
      exchange.offCancel(giveUp)
      resolve()
    })
    exchange.onCancel(giveUp)
  })
}
