// The end of an exchange, when the client has its answer or is gone: observed, recorded, and its generation left.
import type { Course } from './course.ts'
import type { ClientResponse } from './edge/client-request.ts'
import { clientClosed, type HttpExchange } from './edge/http-exchange.ts'
import type { GatewayError } from './errors.ts'
import type { Logger } from './plugin.ts'
import type { RouteRecorder } from './telemetry/route-recorder.ts'
import type { Tracer } from './telemetry/tracer.ts'

export interface FinishParts {
  readonly logger: Logger
  readonly tracer: Tracer
  /** Records what no route took. */
  readonly unmatched: RouteRecorder
}

export function finish(parts: FinishParts, course: Course, response: ClientResponse): void {
  try {
    tell(parts, course, response)
  } finally {
    // Whatever went wrong: a generation that is never left is never closed.
    course.generation.leave()
  }
}

function tell(parts: FinishParts, course: Course, response: ClientResponse): void {
  const { exchange, route, sent, tunnel } = course
  const { fault } = response
  exchange.error ??= sent.failure
  exchange.grpcStatus = sent.grpcStatus
  if (!response.writableFinished) exchange.cancel(fault ?? clientClosed())
  if (fault !== undefined) answeredByFault(exchange, fault)
  for (const onFinish of route?.chain.onFinish ?? []) safely(parts, onFinish, exchange)
  logCause(parts, exchange)
  const recorder = route?.recorder ?? parts.unmatched
  recorder.finish(exchange, {
    bytesIn: tunnel?.received ?? exchange.body.received,
    bytesOut: tunnel?.sent ?? sent.bytes,
    upstreamMs: upstreamMs(exchange),
    aborted: !response.writableFinished && fault === undefined,
    switched: tunnel && { cause: tunnel.cause },
  })
  if (!tunnel) parts.tracer.finish(exchange)
}

function answeredByFault(exchange: HttpExchange, fault: GatewayError): void {
  exchange.status = fault.status
  exchange.error = fault
}

// A hook that only observes must not take the rest of the finish, or the process, with it.
function safely(
  { logger }: FinishParts,
  hook: (exchange: HttpExchange) => void,
  exchange: HttpExchange,
): void {
  try {
    hook(exchange)
  } catch (thrown) {
    logger.error({ error: thrown, requestId: exchange.id, route: exchange.route?.id }, 'onFinish failed')
  }
}

/** What lies behind a refusal stands in no answer; here is where an operator finds it. */
function logCause({ logger }: FinishParts, { id: requestId, error }: HttpExchange): void {
  if (error?.code !== 'INTERNAL_ERROR') return
  logger.error({ reason: reasonOf(error.cause), requestId }, 'a request failed inside the gateway')
}

export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)
}

function upstreamMs(exchange: HttpExchange): number {
  let total = 0
  for (const attempt of exchange.attempts) total += attempt.durationMs
  return total
}
