// A stand-in for an OpenTelemetry collector: takes OTLP over HTTP and says what it got.
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { double, hex, integer, type Message, messages, readMessage, text } from './protobuf.ts'

type Attributes = Readonly<Record<string, string | number>>

export interface ReceivedSpan {
  readonly resource: Attributes
  readonly scope: string
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string
  readonly tracestate: string
  readonly name: string
  readonly kind: number
  readonly startNano: number
  readonly endNano: number
  readonly attributes: Attributes
  readonly statusCode: number
  readonly flags: number
}

export interface ReceivedPoint {
  readonly metric: string
  readonly unit: string
  readonly attributes: Attributes
  /** The value, or the count of a histogram. */
  readonly value: number
  readonly monotonic: boolean
}

export interface ReceivedRequest {
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
}

export class OtlpCollector {
  readonly spans: ReceivedSpan[] = []
  readonly points: ReceivedPoint[] = []
  readonly requests: ReceivedRequest[] = []
  /** What it answers. */
  status = 200
  /** Takes requests and never answers. */
  silent = false
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        const { url = '', headers } = request
        this.requests.push({ url, headers, bytes: Buffer.concat(chunks) })
        if (this.silent) return
        if (this.status === 200) this.#accept(url, Buffer.concat(chunks))
        response.writeHead(this.status, { 'content-type': 'application/x-protobuf' }).end()
      })
    })
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #accept(url: string, body: Buffer): void {
    const request = readMessage(body)
    if (url.endsWith('/v1/traces')) this.spans.push(...messages(request, 1).flatMap(readSpans))
    else this.points.push(...messages(request, 1).flatMap(readPoints))
  }
}

/** opentelemetry.proto.trace.v1.ResourceSpans */
function readSpans(resourceSpans: Message): ReceivedSpan[] {
  const [resource] = messages(resourceSpans, 1)
  return messages(resourceSpans, 2).flatMap((scopeSpans) => {
    const [scope] = messages(scopeSpans, 1)
    return messages(scopeSpans, 2).map((span) => ({
      resource: resource ? readAttributes(resource, 1) : {},
      scope: scope ? text(scope, 1) : '',
      traceId: hex(span, 1),
      spanId: hex(span, 2),
      tracestate: text(span, 3),
      parentSpanId: hex(span, 4),
      name: text(span, 5),
      kind: integer(span, 6),
      startNano: integer(span, 7),
      endNano: integer(span, 8),
      attributes: readAttributes(span, 9),
      statusCode: messages(span, 15).map((status) => integer(status, 3))[0] ?? 0,
      flags: integer(span, 16),
    }))
  })
}

/** opentelemetry.proto.metrics.v1.ResourceMetrics: gauge 5, sum 7, histogram 9. */
function readPoints(resourceMetrics: Message): ReceivedPoint[] {
  const metrics = messages(resourceMetrics, 2).flatMap((scope) => messages(scope, 2))
  return metrics.flatMap((metric) => {
    const shared = { metric: text(metric, 1), unit: text(metric, 3), monotonic: false }
    const number = (point: Message) => ({
      ...shared,
      attributes: readAttributes(point, 7),
      value: double(point, 4),
    })
    const histogram = (point: Message) => ({
      ...shared,
      attributes: readAttributes(point, 9),
      value: integer(point, 4),
    })
    return [
      ...messages(metric, 5).flatMap((gauge) => messages(gauge, 1).map(number)),
      ...messages(metric, 7).flatMap((sum) =>
        messages(sum, 1).map((point) => ({ ...number(point), monotonic: integer(sum, 3) === 1 })),
      ),
      ...messages(metric, 9).flatMap((data) => messages(data, 1).map(histogram)),
    ]
  })
}

/** KeyValue with an AnyValue: string 1, integer 3, double 4. */
function readAttributes(message: Message, field: number): Attributes {
  const entries = messages(message, field).map((pair) => {
    const [value] = messages(pair, 2)
    if (!value) throw new Error(`the attribute ${text(pair, 1)} has no value`)
    if (value.has(1)) return [text(pair, 1), text(value, 1)] as const
    return [text(pair, 1), value.has(3) ? integer(value, 3) : double(value, 4)] as const
  })
  return Object.fromEntries(entries)
}
