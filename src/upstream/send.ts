// One attempt: pick a target, send the request there, tell balance and ejection how it went.

import { GatewayError } from '../errors.ts'
import { outcomeStatus, setGrpcTimeout } from '../grpc.ts'
import { FieldNames } from '../headers.ts'
import type {
  Attempt,
  Clock,
  Exchange,
  ReadonlyHeaderList,
  UpstreamRequest,
  UpstreamResponse,
} from '../plugin.ts'
import type { Turn } from '../turn.ts'
import type { FailureLog } from './failure-log.ts'
import type { HttpTarget, Target, TargetFacts } from './target.ts'
import { type Sending, Transfer, type TransferObserver } from './transfer.ts'
import type { Outgoing } from './transmission.ts'

/** A wish of a service for rest is honoured in the balance up to this long. */
const MAX_PENALTY_MS = 300_000
const NO_TARGETS: ReadonlySet<string> = new Set()
const TRACE = new FieldNames(['traceparent', 'tracestate'])

export interface AttemptSpan {
  /** Header pairs to send with this attempt (`traceparent`, `tracestate`). */
  readonly headers: readonly string[]
  end(attempt: Attempt): void
}

/** Watches attempts: spans and metrics. */
export interface AttemptObserver {
  start(exchange: Exchange, target: TargetFacts): AttemptSpan
}

export interface SendOptions {
  readonly clock: Clock
  readonly turn: Turn
  readonly observer: AttemptObserver
  readonly failures: FailureLog
  pick(exchange: Exchange, tried: ReadonlySet<string>): HttpTarget | undefined
}

/** Makes the innermost `Call` of a service. Rejects with a GatewayError. */
export function createSend(options: SendOptions): (request: UpstreamRequest) => Promise<UpstreamResponse> {
  return function send(request) {
    const { exchange } = request
    const startedAt = options.clock.now()
    // Nobody waits for it any more: no target is given work or blame for it.
    if (exchange.deadlineAt <= startedAt) {
      return Promise.reject(new GatewayError('UPSTREAM_TIMEOUT', { unprocessed: true }))
    }
    const target = options.pick(exchange, triedBy(exchange))
    if (!target)
      return Promise.reject(new GatewayError('NO_HEALTHY_TARGET', { headers: ['Retry-After', '1'] }))
    if (!target.hasRoom()) {
      return Promise.reject(new GatewayError('UPSTREAM_QUEUE_FULL', { headers: ['Retry-After', '1'] }))
    }
    return new Promise((resolve, reject) =>
      dispatch(options, target, { request, startedAt, resolve, reject }),
    )
  }
}

function dispatch(options: SendOptions, target: HttpTarget, sending: Sending): void {
  const { request, startedAt } = sending
  const span = options.observer.start(request.exchange, target.facts)
  target.onPick()
  const observer = observe(options, target, { request, span, startedAt })
  const transfer = new Transfer({ clock: options.clock, observer, turn: options.turn }, sending)
  if (request.exchange.cancelled) {
    transfer.abort(request.exchange.cancelled)
    return
  }
  const { grpc, deadlineAt } = request.exchange
  // Anew for each attempt: time has passed since the client said it.
  if (grpc !== undefined && deadlineAt !== Number.POSITIVE_INFINITY) {
    setGrpcTimeout(request.headers, deadlineAt - options.clock.now())
  }
  options.turn.send(() => {
    // Given up in the meantime.
    if (transfer.ended) return
    try {
      target.pool.dispatch(outgoing(request, span.headers), transfer)
    } catch (error) {
      transfer.abort(error)
    }
  })
}

function outgoing(request: UpstreamRequest, trace: readonly string[]): Outgoing {
  const { method, path, headers, body, idleTimeoutMs, exchange } = request
  const { present } = body
  if (trace.length > 0) headers.removeAll(TRACE)
  for (const text of trace) headers.pairs.push(text)
  return {
    method,
    path,
    headers: headers.pairs,
    expectsContinue: present && body.awaitsContinue,
    body: present ? body.open() : undefined,
    length: present ? body.length : undefined,
    upgrade: exchange.upgrade !== undefined,
    idleTimeoutMs,
  }
}

interface Observed extends Pick<Sending, 'request' | 'startedAt'> {
  readonly span: AttemptSpan
}

function observe(
  { clock, failures }: SendOptions,
  target: Target,
  { request, span, startedAt }: Observed,
): TransferObserver {
  const note = (status: number, error: GatewayError | undefined): number => {
    const durationMs = clock.now() - startedAt
    const attempt: Attempt = { target: target.url, startedAt, durationMs, status, error }
    request.exchange.attempts.push(attempt)
    span.end(attempt)
    return durationMs
  }
  return {
    onHead(status, headers) {
      const durationMs = note(status, undefined)
      judgeStatus(target, {
        status: outcomeStatus(request.exchange, { status, headers }),
        headers,
        durationMs,
      })
    },
    onFailure(failure) {
      const durationMs = note(0, failure)
      if (failure.source !== 'upstream') {
        target.onIgnored()
        return
      }
      target.onFailure(durationMs)
      failures.note(target.url, failure)
    },
    onEnd() {
      target.onEnd()
    },
  }
}

interface Head {
  readonly status: number
  readonly headers: ReadonlyHeaderList
  readonly durationMs: number
}

function judgeStatus(target: Target, { status, headers, durationMs }: Head): void {
  // 502, 503, 504: the target cannot serve. 500 and 429 speak of the request or the load, not of a dead target.
  if (status === 502 || status === 503 || status === 504) target.onFailure(durationMs, penalty(headers))
  else if (status >= 500 || status === 429) target.onPushback(durationMs, penalty(headers))
  else target.onSuccess(durationMs)
}

function penalty(headers: ReadonlyHeaderList): number | undefined {
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return seconds > 0 ? Math.min(seconds * 1000, MAX_PENALTY_MS) : undefined
}

function triedBy(exchange: Exchange): ReadonlySet<string> {
  return exchange.attempts.length === 0
    ? NO_TARGETS
    : new Set(exchange.attempts.map((attempt) => attempt.target))
}
