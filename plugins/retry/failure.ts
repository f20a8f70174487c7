// What went wrong with an attempt, seen by a retry: why, and whether the service may have processed it.
import { type ErrorCode, GatewayError, type UpstreamResponse } from '../../src/plugin.ts'
import { parseRetryAfter } from './delay.ts'

/** An entry of the setting `on`. */
export type Condition = 'connect' | 'reset' | 'timeout' | number

export interface Failure {
  readonly reason: 'connect' | 'reset' | 'timeout' | 'status'
  /** The service certainly did not process the request: any method may be sent again. */
  readonly unprocessed: boolean
  /** The wait that the service asked for. */
  readonly hintMs: number | undefined
}

// Only what a call to a target can end in. A refusal of the gateway itself is an answer, not a failed attempt.
const REASONS: Partial<Record<ErrorCode, 'connect' | 'reset' | 'timeout'>> = {
  UPSTREAM_UNREACHABLE: 'connect',
  UPSTREAM_CONNECT_TIMEOUT: 'connect',
  UPSTREAM_TLS_FAILED: 'connect',
  UPSTREAM_RESET: 'reset',
  UPSTREAM_TIMEOUT: 'timeout',
}

/** The failure, when it is one that `on` lists. */
export function failureOfError(thrown: unknown, on: ReadonlySet<Condition>): Failure | undefined {
  if (!(thrown instanceof GatewayError)) return undefined
  const reason = REASONS[thrown.code]
  if (reason === undefined) return undefined
  const { unprocessed } = thrown
  // A kept-alive connection that was closed under the request is a failed connect in all but name.
  if (!on.has(reason) && !(unprocessed && on.has('connect'))) return undefined
  return { reason, unprocessed, hintMs: undefined }
}

/** The failure that a response stands for, whose status `on` lists. */
export function failureOfResponse(response: UpstreamResponse, epochMs: number): Failure | undefined {
  const retryAfter = response.headers.get('retry-after')?.trim()
  const hintMs = retryAfter === undefined ? undefined : parseRetryAfter(retryAfter, epochMs)
  // 429 without a time to wait: any moment we choose would be a guess against a limit that just said no.
  if (response.status === 429 && hintMs === undefined) return undefined
  return { reason: 'status', unprocessed: response.status === 503 && retryAfter === '0', hintMs }
}

/** The failure that a call of gRPC came to with its head. What it asks for by pushback, it gets (proposal A6). */
export function failureOfCall({ headers }: UpstreamResponse): Failure | undefined {
  const pushback = headers.get('grpc-retry-pushback-ms')
  if (pushback !== undefined && !/^\d{1,9}$/.test(pushback)) return undefined
  const hintMs = pushback === undefined ? undefined : Number(pushback)
  return { reason: 'status', unprocessed: false, hintMs }
}
