// W3C tracing of exchanges and attempts. The sampling decision comes first; what is not sampled costs two ids.
import type { Clock, Exchange, TraceFacts } from '../plugin.ts'
import type { RandomIds } from '../random-ids.ts'
import { type AttemptSpan, ExchangeTrace, SampledAttempt } from './exchange-trace.ts'
import type { EmitSpan } from './span.ts'
import type { SpanTarget } from './span-attributes.ts'
import { parseTraceparent, parseTracestate, SAMPLED } from './traceparent.ts'

export interface Tracer {
  /** `trusted`: the caller may decide whether its trace is sampled. */
  start(
    traceparent: string | undefined,
    tracestate: string | undefined,
    trusted: boolean,
  ): TraceFacts | undefined
  /** Ends the exchange's span, when it has one. */
  finish(exchange: Exchange): void
  attempt(exchange: Exchange, target: SpanTarget): AttemptSpan
}

export interface TracerParts {
  readonly clock: Clock
  readonly ids: RandomIds
  /** Share of the traces that nobody trusted has decided about, 0 to 1. */
  readonly sample: number
  readonly emit: EmitSpan
}

const SILENT: AttemptSpan = { headers: [], end: () => {} }

/** Without a collector: the caller's ids are still good for the log. */
export const TRACING_OFF: Tracer = {
  start: (traceparent) => {
    const parent = parseTraceparent(traceparent)
    return parent && { traceId: parent.traceId, spanId: parent.spanId, sampled: false }
  },
  finish: () => {},
  attempt: () => SILENT,
}

export function createTracer({ clock, ids, sample, emit }: TracerParts): Tracer {
  return {
    start: (traceparent, tracestate, trusted) => {
      const parent = parseTraceparent(traceparent)
      const spanId = ids.hex(8)
      const sampled = parent && trusted ? (parent.flags & SAMPLED) === 1 : isDrawn(spanId, sample)
      const state = parent && parseTracestate(tracestate)
      return new ExchangeTrace(
        { spanId, sampled, parent, state, traceId: parent?.traceId ?? ids.hex(16) },
        clock,
      )
    },
    finish: (exchange) => {
      if (exchange.trace instanceof ExchangeTrace && exchange.trace.sampled) {
        emit(exchange.trace.serverSpan(exchange, clock.now()))
      }
    },
    attempt: (exchange, target) => {
      const { trace } = exchange
      if (!(trace instanceof ExchangeTrace)) return SILENT
      return trace.sampled ? new SampledAttempt(trace, { exchange, target, spanId: ids.hex(8), emit }) : trace
    },
  }
}

/**
 * By our own random span id: a client chooses its trace id, so a draw on that would let it choose to be sampled.
 * For the traces that start here the two are the same.
 */
function isDrawn(spanId: string, sample: number): boolean {
  return Number.parseInt(spanId.slice(0, 8), 16) < sample * 2 ** 32
}
