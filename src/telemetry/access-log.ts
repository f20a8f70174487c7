// One JSON line per request. The fixed part of a route is built once; what a client sent is escaped and cut.
import type { Clock, Exchange, RouteFacts } from '../plugin.ts'
import { jsonMs, jsonNumber, jsonText } from './json-text.ts'
import type { LogSink } from './log-sink.ts'

const MAX_PATH = 1024
const MAX_HOST = 255
const MAX_METHOD = 32
const MAX_NAME = 256

/** What the edge knows once the answer is out. */
export interface FinishFacts {
  readonly bytesIn: number
  readonly bytesOut: number
  /** Milliseconds that the exchange waited for the service; undefined when it was not called. */
  readonly upstreamMs: number | undefined
  /** The answer did not reach its end. */
  readonly aborted: boolean
  /** It went on as a tunnel, whose bytes these are; its outcome is recorded already. */
  readonly switched?: SwitchedFacts | undefined
}

/** What is known when a tunnel is over. */
export interface SwitchedFacts {
  /** One of few words; undefined when one side has closed it as it should. */
  readonly cause: string | undefined
}

export type AccessLog = (exchange: Exchange, facts: FinishFacts, durationMs: number) => void

/** Makes the writer of each route; `undefined` is for exchanges that no route matched. */
export function accessLogs(clock: Clock, sink: LogSink): (route: RouteFacts | undefined) => AccessLog {
  const time = isoTime(clock)
  return (route) => {
    const fixed = route ? text('route', route.id) + text('service', route.service) : ''
    return (exchange, facts, durationMs) => {
      sink.write(
        `{"level":"info","time":"${time()}","msg":"request"${request(exchange)}${fixed}` +
          `${outcome(exchange, facts)},"durationMs":${jsonMs(durationMs)}}\n`,
      )
    }
  }
}

function request({ id, trace, method, host, path, clientIp }: Exchange): string {
  const ids = trace ? `,"traceId":"${trace.traceId}","spanId":"${trace.spanId}"` : ''
  return (
    `,"requestId":${jsonText(id, MAX_NAME)}${ids},"clientIp":${jsonText(clientIp, MAX_NAME)}` +
    `,"method":${jsonText(method, MAX_METHOD)},"host":${jsonText(host, MAX_HOST)}` +
    `,"path":${jsonText(path, MAX_PATH)}`
  )
}

function outcome({ attempts, consumer, status, grpcStatus, error }: Exchange, facts: FinishFacts): string {
  const target = attempts.length > 0 ? text('target', attempts[attempts.length - 1]!.target) : ''
  const upstream = facts.upstreamMs === undefined ? '' : `,"upstreamMs":${jsonMs(facts.upstreamMs)}`
  const grpc = grpcStatus === undefined ? '' : `,"grpcStatus":${jsonNumber(grpcStatus)}`
  const cause = facts.switched
    ? facts.switched.cause
    : (error?.code ?? (facts.aborted ? 'CLIENT_CLOSED' : undefined))
  return (
    `${target}${consumer ? text('consumer', consumer.id) : ''},"status":${jsonNumber(status)}${grpc}${upstream}` +
    `,"bytesIn":${jsonNumber(facts.bytesIn)},"bytesOut":${jsonNumber(facts.bytesOut)}` +
    `,"retries":${Math.max(0, attempts.length - 1)}${cause ? `,"cause":"${cause}"` : ''}`
  )
}

const text = (name: string, value: string): string => `,"${name}":${jsonText(value, MAX_NAME)}`

/** Formatting a date costs as much as the rest of the line: requests of one millisecond share it. */
export function isoTime(clock: Clock): () => string {
  let at = Number.NaN
  let iso = ''
  return () => {
    const now = Math.floor(clock.epochMs())
    if (now !== at) {
      at = now
      iso = new Date(now).toISOString()
    }
    return iso
  }
}
