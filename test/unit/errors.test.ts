// The closed catalogue and the one error type.
import { describe, expect, it } from 'vitest'
import { CATALOGUE, type ErrorCode, GatewayError, toGatewayError } from '../../src/errors.ts'

const codes = Object.keys(CATALOGUE) as ErrorCode[]

describe('the catalogue', () => {
  it.each(codes)('%s blames the one whom its status blames', (code) => {
    const { status, source } = CATALOGUE[code]
    const blamed = {
      client: status < 500 || status === 501 || status === 505 || status === 508,
      gateway: status === 500 || status === 503,
      upstream: status >= 502 && status <= 504,
    }
    expect(blamed[source]).toBe(true)
  })

  it.each(codes)('%s has a title that names no code, no address and no library', (code) => {
    expect(CATALOGUE[code].title).toMatch(/^[A-Z][A-Za-z ,]+$/)
  })

  it('calls every failure of a service or of the gateway worth another try', () => {
    for (const code of codes) {
      if (CATALOGUE[code].source !== 'client') expect([code, CATALOGUE[code].retryable]).toEqual([code, true])
    }
  })

  it('gives the statuses that clients and balancers act on', () => {
    const statusOf = (code: ErrorCode) => CATALOGUE[code].status
    expect(statusOf('UNAUTHENTICATED')).toBe(401)
    expect(statusOf('RATE_LIMITED')).toBe(429)
    expect(statusOf('UPSTREAM_UNREACHABLE')).toBe(502)
    expect(statusOf('UPSTREAM_TLS_FAILED')).toBe(502)
    expect(statusOf('UPSTREAM_QUEUE_FULL')).toBe(503)
    expect(statusOf('NO_HEALTHY_TARGET')).toBe(503)
    expect(statusOf('UPSTREAM_TIMEOUT')).toBe(504)
    expect(statusOf('UPSTREAM_CONNECT_TIMEOUT')).toBe(504)
  })
})

describe('GatewayError', () => {
  it.each(codes)('carries the entry of %s', (code) => {
    const { status, source, retryable, title } = CATALOGUE[code]
    expect(new GatewayError(code)).toMatchObject({
      name: 'GatewayError',
      code,
      status,
      source,
      retryable,
      title,
    })
  })

  it('speaks by its title, or by the detail when there is one', () => {
    expect(new GatewayError('RATE_LIMITED').message).toBe('Too many requests')
    const detailed = new GatewayError('RATE_LIMITED', { detail: 'Wait a minute.' })
    expect([detailed.message, detailed.detail]).toEqual(['Wait a minute.', 'Wait a minute.'])
  })

  it('claims nothing that it was not told', () => {
    const plain = new GatewayError('UPSTREAM_RESET')
    expect(plain.headers).toEqual([])
    expect(plain).toMatchObject({ detail: undefined, members: undefined, unprocessed: false })
    expect('cause' in plain).toBe(false)
  })

  it('keeps what it was told', () => {
    const cause = new Error('connect ECONNREFUSED 10.0.0.1:80')
    const options = { cause, headers: ['Retry-After', '1'], members: { limit: 3 }, unprocessed: true }
    expect(new GatewayError('RATE_LIMITED', options)).toMatchObject(options)
  })

  it('takes no stack trace, and leaves the stacks of others alone', () => {
    expect(new GatewayError('UNAUTHENTICATED').stack).not.toContain('\n')
    expect(new Error('other').stack).toContain('errors.test.ts')
  })
})

describe('toGatewayError', () => {
  it('gives a GatewayError back as it is', () => {
    const error = new GatewayError('CIRCUIT_OPEN')
    expect(toGatewayError(error)).toBe(error)
  })

  it.each([[new TypeError('secret')], ['secret'], [undefined], [null], [{ code: 'ECONNREFUSED' }]])(
    'takes %o for a fault of the gateway and hides it in the cause',
    (thrown) => {
      const error = toGatewayError(thrown)
      expect(error.code).toBe('INTERNAL_ERROR')
      expect(error.cause).toBe(thrown)
      expect(error.message).not.toContain('secret')
    },
  )
})
