// A span that has ended, as the tracer hands it on: plain facts, no SDK object.

export type SpanAttributes = Record<string, string | number>

export interface EndedSpan {
  readonly name: string
  readonly kind: 'server' | 'client'
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  /** The parent is a span of the caller, not of this process. */
  readonly remoteParent: boolean
  readonly flags: number
  readonly tracestate: string | undefined
  /** Milliseconds since 1970, fractional. */
  readonly startMs: number
  readonly endMs: number
  readonly failed: boolean
  readonly attributes: SpanAttributes
}

/** Takes what has ended: must return at once and never throw. */
export type EmitSpan = (span: EndedSpan) => void
