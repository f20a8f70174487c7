// Which failure is retried for which method: the whole table, with the settings that users get by default.
import { describe, expect, it } from 'vitest'
import { type ErrorCode, GatewayError } from '../../../../src/plugin.ts'
import { type Ending, RetryBench } from './bench.ts'
import { response } from './fakes.ts'

const unprocessed = (code: ErrorCode) => () => new GatewayError(code, { unprocessed: true })
const failed = (code: ErrorCode) => () => new GatewayError(code)
const answered =
  (status: number, ...pairs: string[]) =>
  () =>
    response(status, ...pairs)

/** Nothing of the request was processed: any method may be sent again. */
const CLASS_U: readonly (readonly [string, () => Ending])[] = [
  ['connection refused', unprocessed('UPSTREAM_UNREACHABLE')],
  ['connect timeout', unprocessed('UPSTREAM_CONNECT_TIMEOUT')],
  ['TLS handshake failed', unprocessed('UPSTREAM_TLS_FAILED')],
  ['stale connection closed before the request was taken', unprocessed('UPSTREAM_RESET')],
  ['503 with Retry-After: 0', answered(503, 'Retry-After', '0')],
]

/** The service may have processed it: only what may be done twice is sent again. */
const CLASS_I: readonly (readonly [string, () => Ending])[] = [
  ['reset in the middle', failed('UPSTREAM_RESET')],
  ['attempt timeout', failed('UPSTREAM_TIMEOUT')],
  ['502', answered(502)],
  ['502 with Retry-After: 0', answered(502, 'Retry-After', '0')],
  ['503', answered(503)],
  ['503 with Retry-After: 1', answered(503, 'Retry-After', '1')],
  ['504', answered(504)],
]

const NEVER: readonly (readonly [string, () => Ending])[] = [
  ['500', answered(500)],
  ['404', answered(404)],
  ['429 with Retry-After', answered(429, 'Retry-After', '1')],
  ['invalid response', failed('UPSTREAM_INVALID_RESPONSE')],
  ['no healthy target', failed('NO_HEALTHY_TARGET')],
  ['upstream queue full', failed('UPSTREAM_QUEUE_FULL')],
  ['open circuit', failed('CIRCUIT_OPEN')],
  ['concurrency limit', failed('CONCURRENCY_LIMITED')],
  ['overload', failed('OVERLOADED')],
  ['draining', failed('IDENTITY_UNAVAILABLE')],
  ['client gone', failed('CLIENT_CLOSED')],
  ['body too large', failed('BODY_TOO_LARGE')],
  ['internal error', failed('INTERNAL_ERROR')],
  ['a refusal of the gateway that claims to be unprocessed', unprocessed('OVERLOADED')],
  ['an error that is none of ours', () => new Error('a fault in a filter')],
]

const IDEMPOTENT = ['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE']
const OTHERS = ['POST', 'PATCH']
const KEY = ['Idempotency-Key', 'k-1']
const SECOND_ATTEMPT = ['X-Gateway-Attempt', '2']

interface Sender {
  readonly method: string
  readonly headers: string[]
  /** Whether failures of class I are retried for it. */
  readonly repeatable: boolean
}

const SENDERS: readonly Sender[] = [
  ...IDEMPOTENT.map((method) => ({ method, headers: [], repeatable: true })),
  ...OTHERS.map((method) => ({ method, headers: [], repeatable: false })),
  ...OTHERS.map((method) => ({ method, headers: KEY, repeatable: true })),
  { method: 'GET', headers: SECOND_ATTEMPT, repeatable: false },
  { method: 'POST', headers: [...KEY, ...SECOND_ATTEMPT], repeatable: false },
]

async function isRetried(ending: () => Ending, { method, headers }: Sender): Promise<boolean> {
  const bench = new RetryBench()
  bench.endings = [ending()]
  const outcome = await bench.outcome({ method, headers })
  expect(outcome === 200).toBe(bench.calls === 2)
  return bench.calls === 2
}

describe.each(SENDERS)('$method $headers', (sender) => {
  it.each(CLASS_U)('is sent again after: %s', async (_name, ending) => {
    expect(await isRetried(ending, sender)).toBe(true)
  })

  it.each(CLASS_I)(`is sent again only when it may be done twice after: %s`, async (_name, ending) => {
    expect(await isRetried(ending, sender)).toBe(sender.repeatable)
  })

  it.each(NEVER)('is not sent again after: %s', async (_name, ending) => {
    expect(await isRetried(ending, sender)).toBe(false)
  })
})
