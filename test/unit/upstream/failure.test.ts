// Foreign errors by their codes: what each becomes before and after the first byte was written.
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { toFailure } from '../../../src/upstream/failure.ts'

const coded = (code: string) => Object.assign(new Error(`${code} 10.0.0.7:80`), { code })

describe('before anything was written', () => {
  it.each([
    ['ECONNREFUSED', 'UPSTREAM_UNREACHABLE'],
    ['ENOTFOUND', 'UPSTREAM_UNREACHABLE'],
    ['EAI_AGAIN', 'UPSTREAM_UNREACHABLE'],
    ['EHOSTUNREACH', 'UPSTREAM_UNREACHABLE'],
    ['ENETUNREACH', 'UPSTREAM_UNREACHABLE'],
    ['ECONNRESET', 'UPSTREAM_UNREACHABLE'],
    ['ENOENT', 'UPSTREAM_UNREACHABLE'],
    ['EMFILE', 'UPSTREAM_UNREACHABLE'],
    ['ETIMEDOUT', 'UPSTREAM_CONNECT_TIMEOUT'],
    ['EPROTO', 'UPSTREAM_TLS_FAILED'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'UPSTREAM_TLS_FAILED'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'UPSTREAM_TLS_FAILED'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UPSTREAM_TLS_FAILED'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'UPSTREAM_TLS_FAILED'],
    ['CERT_HAS_EXPIRED', 'UPSTREAM_TLS_FAILED'],
    ['CERT_NOT_YET_VALID', 'UPSTREAM_TLS_FAILED'],
    ['CERT_REVOKED', 'UPSTREAM_TLS_FAILED'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'UPSTREAM_TLS_FAILED'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'UPSTREAM_TLS_FAILED'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'UPSTREAM_TLS_FAILED'],
    ['HOSTNAME_MISMATCH', 'UPSTREAM_TLS_FAILED'],
    ['INVALID_CA', 'UPSTREAM_TLS_FAILED'],
    ['CRL_HAS_EXPIRED', 'UPSTREAM_TLS_FAILED'],
  ])('%s is %s, and any method may be sent again', (foreign, code) => {
    const thrown = coded(foreign)
    const failure = toFailure(thrown, false)
    expect(failure).toMatchObject({ code, unprocessed: true, cause: thrown, source: 'upstream' })
    expect(failure.message).not.toContain('10.0.0.7')
  })

  it('a row of failed addresses fails for the reason of the first', () => {
    const all = new AggregateError([coded('CERT_HAS_EXPIRED'), coded('ECONNREFUSED')])
    expect(toFailure(all, false).code).toBe('UPSTREAM_TLS_FAILED')
    expect(toFailure(new AggregateError([]), false).code).toBe('UPSTREAM_UNREACHABLE')
  })
})

describe('after the first byte', () => {
  it.each([
    ['ECONNRESET', 'UPSTREAM_RESET'],
    ['EPIPE', 'UPSTREAM_RESET'],
  ])('%s is %s, and the service may have seen the request', (foreign, code) => {
    expect(toFailure(coded(foreign), true)).toMatchObject({ code, unprocessed: false })
  })
})

describe('at any time', () => {
  it.each([true, false])('our own error stays as it is (started: %s)', (started) => {
    const error = new GatewayError('BODY_TOO_LARGE')
    expect(toFailure(error, started)).toBe(error)
  })

  it.each([
    undefined,
    null,
    'text',
    7,
    {},
    new Error('no code'),
    { code: 7 },
    new DOMException('gone', 'AbortError'),
  ])('%o is a failure as well', (thrown) => {
    expect(toFailure(thrown, false).code).toBe('UPSTREAM_UNREACHABLE')
    expect(toFailure(thrown, true).code).toBe('UPSTREAM_RESET')
  })
})
