// The one place that reads foreign error codes: what undici, net, tls and dns throw -> GatewayError.
import { errors } from 'undici'
import { type ErrorCode, GatewayError } from '../errors.ts'

/** The request was not one that may be sent: no target has seen it, and none is to blame. */
const OWN_FAULTS: ReadonlySet<string> = new Set(['UND_ERR_INVALID_ARG', 'UND_ERR_NOT_SUPPORTED'])

const CONNECT_CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ['UND_ERR_CONNECT_TIMEOUT', 'UPSTREAM_CONNECT_TIMEOUT'],
  ['ETIMEDOUT', 'UPSTREAM_CONNECT_TIMEOUT'],
  ['EPROTO', 'UPSTREAM_TLS_FAILED'],
  ['HOSTNAME_MISMATCH', 'UPSTREAM_TLS_FAILED'],
])

const EXCHANGE_CODES: ReadonlyMap<string, ErrorCode> = new Map([
  ['UND_ERR_HEADERS_TIMEOUT', 'UPSTREAM_TIMEOUT'],
  ['UND_ERR_BODY_TIMEOUT', 'UPSTREAM_TIMEOUT'],
  ['UND_ERR_HEADERS_OVERFLOW', 'UPSTREAM_INVALID_RESPONSE'],
  ['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'UPSTREAM_INVALID_RESPONSE'],
  ['UND_ERR_RES_EXCEEDED_MAX_SIZE', 'UPSTREAM_INVALID_RESPONSE'],
])

// OpenSSL's verify results (`DEPTH_ZERO_SELF_SIGNED_CERT`, `UNABLE_TO_...`) and Node's TLS codes.
const TLS_CODE = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|CRL_|INVALID_CA|INVALID_PURPOSE)/

/**
 * Maps what a call to a target threw.
 * `started` is whether anything may have been written: when not, the service cannot have seen the request.
 */
export function toFailure(thrown: unknown, started: boolean): GatewayError {
  if (thrown instanceof GatewayError) return thrown
  const code = codeOf(thrown)
  if (OWN_FAULTS.has(code)) return new GatewayError('INTERNAL_ERROR', { cause: thrown })
  if (!started) return new GatewayError(connectCode(code), { cause: thrown, unprocessed: true })
  return new GatewayError(exchangeCode(thrown, code), { cause: thrown })
}

function connectCode(code: string): ErrorCode {
  if (TLS_CODE.test(code)) return 'UPSTREAM_TLS_FAILED'
  return CONNECT_CODES.get(code) ?? 'UPSTREAM_UNREACHABLE'
}

function exchangeCode(thrown: unknown, code: string): ErrorCode {
  // Known by its class: it looks its code up in a table that has none of them.
  if (thrown instanceof errors.HTTPParserError) return 'UPSTREAM_INVALID_RESPONSE'
  return EXCHANGE_CODES.get(code) ?? 'UPSTREAM_RESET'
}

function codeOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null) return ''
  const code = (thrown as { readonly code?: unknown }).code
  if (typeof code === 'string') return code
  // Happy Eyeballs fails with an AggregateError: its first error says why.
  const first = (thrown as { readonly errors?: readonly unknown[] }).errors?.[0]
  return first === undefined ? '' : codeOf(first)
}
