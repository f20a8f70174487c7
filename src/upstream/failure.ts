// The one place that reads foreign error codes: what net, tls and dns throw -> GatewayError.
import { type ErrorCode, GatewayError } from '../errors.ts'

const CONNECT_CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ['ETIMEDOUT', 'UPSTREAM_CONNECT_TIMEOUT'],
  ['EPROTO', 'UPSTREAM_TLS_FAILED'],
  ['HOSTNAME_MISMATCH', 'UPSTREAM_TLS_FAILED'],
])

// OpenSSL's verify results (`DEPTH_ZERO_SELF_SIGNED_CERT`, `UNABLE_TO_...`) and Node's TLS codes.
const TLS_CODE = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|CRL_|INVALID_CA|INVALID_PURPOSE)/

/**
 * Maps what a call to a target threw.
 * `started` is whether anything may have been written: when not, the service cannot have seen the request.
 */
export function toFailure(thrown: unknown, started: boolean): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  if (started) return new GatewayError('UPSTREAM_RESET', { cause: thrown })
  return new GatewayError(connectCode(codeOf(thrown)), { cause: thrown, unprocessed: true })
}

function connectCode(code: string): ErrorCode {
  if (TLS_CODE.test(code)) return 'UPSTREAM_TLS_FAILED'
  return CONNECT_CODES.get(code) ?? 'UPSTREAM_UNREACHABLE'
}

function codeOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return ''
  const code = (thrown as { readonly code?: unknown }).code
  if (typeof code === 'string') return code
  // Happy Eyeballs fails with an AggregateError: its first error says why.
  const first = (thrown as { readonly errors?: readonly unknown[] }).errors?.[0]
  return first === undefined ? '' : codeOf(first)
}
