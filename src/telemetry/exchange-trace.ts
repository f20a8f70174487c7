// The trace of one exchange and the spans of its attempts: what is known from the start, turned into facts at the end.
import type { Attempt, Clock, Exchange, TraceFacts } from '../plugin.ts'
import type { EmitSpan, EndedSpan, SpanAttributes } from './span.ts'
import {
  clientAttributes,
  clientSpanName,
  resultAttributes,
  type SpanTarget,
  serverAttributes,
  serverSpanName,
} from './span-attributes.ts'
import { formatTraceparent, type RemoteParent, SAMPLED } from './traceparent.ts'

/** One call to a target, seen from here. */
export interface AttemptSpan {
  /**
   * Flat pairs for the service, in place of the client's own traceparent and tracestate.
   * Empty: tracing is off, the client's fields go through as they came.
   */
  readonly headers: readonly string[]
  end(attempt: Attempt): void
}

interface TraceStart extends TraceFacts {
  readonly parent: RemoteParent | undefined
  readonly state: string | undefined
}

/** What an exchange carries. Not sampled, it is also the span of each of its attempts. */
export class ExchangeTrace implements TraceFacts, AttemptSpan {
  readonly traceId: string
  readonly spanId: string
  readonly sampled: boolean
  readonly state: string | undefined
  /** Level 2 of the recommendation: who keeps the trace id keeps the flag that says how it was made. */
  readonly flags: number
  readonly #parentSpanId: string | undefined
  /** Wall clock minus monotonic clock, once per trace: an NTP step must not tear its spans apart. */
  readonly #epochOffsetMs: number
  #attempts = 0
  #headers: readonly string[] | undefined

  constructor({ traceId, spanId, sampled, parent, state }: TraceStart, clock: Clock) {
    this.traceId = traceId
    this.spanId = spanId
    this.sampled = sampled
    this.state = state
    this.flags = ((parent?.flags ?? 0) & ~SAMPLED) | (sampled ? SAMPLED : 0)
    this.#parentSpanId = parent?.spanId
    this.#epochOffsetMs = sampled ? clock.epochMs() - clock.now() : 0
  }

  get headers(): readonly string[] {
    this.#headers ??= this.headersFor(this.spanId)
    return this.#headers
  }

  end(): void {}

  headersFor(spanId: string): readonly string[] {
    const traceparent = formatTraceparent(this.traceId, spanId, this.flags)
    return this.state === undefined
      ? ['traceparent', traceparent]
      : ['traceparent', traceparent, 'tracestate', this.state]
  }

  /** How many attempts were started before this one. */
  nextAttempt(): number {
    return this.#attempts++
  }

  epochMs(monotonicMs: number): number {
    return monotonicMs + this.#epochOffsetMs
  }

  serverSpan(exchange: Exchange, endedAt: number): EndedSpan {
    const { traceId, spanId, flags, state } = this
    return {
      name: serverSpanName(exchange),
      kind: 'server',
      traceId,
      spanId,
      parentSpanId: this.#parentSpanId,
      remoteParent: true,
      flags,
      tracestate: state,
      startMs: this.epochMs(exchange.startedAt),
      endMs: this.epochMs(endedAt),
      // The conventions: a 4xx is the client's failure, not the server's.
      failed: exchange.status >= 500,
      attributes: serverAttributes(exchange),
    }
  }
}

interface AttemptStart {
  readonly exchange: Exchange
  readonly target: SpanTarget
  readonly spanId: string
  readonly emit: EmitSpan
}

export class SampledAttempt implements AttemptSpan {
  readonly headers: readonly string[]
  readonly #trace: ExchangeTrace
  readonly #start: AttemptStart
  readonly #attributes: SpanAttributes

  constructor(trace: ExchangeTrace, start: AttemptStart) {
    this.#trace = trace
    this.#start = start
    this.#attributes = clientAttributes(start.exchange, start.target, trace.nextAttempt())
    this.headers = trace.headersFor(start.spanId)
  }

  end(attempt: Attempt): void {
    const { exchange, spanId, emit } = this.#start
    const trace = this.#trace
    emit({
      name: clientSpanName(exchange),
      kind: 'client',
      traceId: trace.traceId,
      spanId,
      parentSpanId: trace.spanId,
      remoteParent: false,
      flags: trace.flags,
      tracestate: trace.state,
      startMs: trace.epochMs(attempt.startedAt),
      endMs: trace.epochMs(attempt.startedAt + attempt.durationMs),
      failed: attempt.error !== undefined || attempt.status >= 400,
      attributes: { ...this.#attributes, ...resultAttributes(attempt) },
    })
  }
}
