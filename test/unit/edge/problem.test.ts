// The gateway's own answers: what a client is told, and what it is never told.
import { describe, expect, it } from 'vitest'
import { problemDocument, renderDirect, renderProblem } from '../../../src/edge/problem.ts'
import { CATALOGUE, type ErrorCode, GatewayError } from '../../../src/errors.ts'
import { HeaderList } from '../../../src/headers.ts'

const EXCHANGE = { id: 'id-1' }

describe('a failure of a call of gRPC', () => {
  it('is a status in a head that is all there is, with the headers of the error', () => {
    const error = new GatewayError('RATE_LIMITED', { headers: ['Retry-After', '3'] })
    const answer = renderProblem(error, { ...EXCHANGE, grpc: 'application/grpc+proto' })
    expect(answer).toMatchObject({ status: 200, body: '' })
    expect(answer.headers.pairs).toEqual([
      ...['Content-Type', 'application/grpc+proto', 'grpc-status', '8', 'grpc-message', 'Too many requests'],
      ...['x-gateway-error', 'RATE_LIMITED', 'Retry-After', '3'],
    ])
  })
})

describe('a problem document', () => {
  it('says what went wrong, in the words of RFC 9457 and our own', () => {
    expect(JSON.parse(problemDocument(new GatewayError('RATE_LIMITED'), 'id-1'))).toEqual({
      type: 'urn:turnpike:error:RATE_LIMITED',
      title: 'Too many requests',
      status: 429,
      code: 'RATE_LIMITED',
      source: 'client',
      requestId: 'id-1',
      retryable: true,
    })
  })

  it('says more where more is known', () => {
    const error = new GatewayError('BODY_TOO_LARGE', { detail: 'At most 3 bytes.', members: { limit: 3 } })
    expect(JSON.parse(problemDocument(error, 'id-1'))).toMatchObject({ detail: 'At most 3 bytes.', limit: 3 })
  })

  it.each(Object.keys(CATALOGUE) as ErrorCode[])('of %s never carries its cause', (code) => {
    const cause = Object.assign(new Error('connect ECONNREFUSED 10.0.0.7:5432'), { address: '10.0.0.7' })
    const answer = renderProblem(new GatewayError(code, { cause }), EXCHANGE)
    const whole = `${answer.body} ${answer.headers.pairs.join(' ')}`
    for (const secret of ['10.0.0.7', 'ECONNREFUSED', 'cause', 'stack', '.ts'])
      expect(whole).not.toContain(secret)
    expect(answer.status).toBe(CATALOGUE[code].status)
  })

  it('is not to be stored or sniffed, and carries the headers of the error', () => {
    const error = new GatewayError('METHOD_NOT_ALLOWED', { headers: ['Allow', 'GET', 'Allow', 'HEAD'] })
    expect(renderProblem(error, EXCHANGE).headers.pairs).toEqual([
      ...['Content-Type', 'application/problem+json', 'Cache-Control', 'no-store'],
      ...['X-Content-Type-Options', 'nosniff', 'Allow', 'GET', 'Allow', 'HEAD'],
    ])
  })

  it('has headers of its own: to change them leaves the error as it was', () => {
    const error = new GatewayError('UNAUTHENTICATED', { headers: ['WWW-Authenticate', 'Bearer'] })
    renderProblem(error, EXCHANGE).headers.set('X-Later', '1')
    expect(error.headers).toEqual(['WWW-Authenticate', 'Bearer'])
    expect(renderProblem(error, EXCHANGE).headers.has('x-later')).toBe(false)
  })
})

describe('a direct response', () => {
  it('is sent as it was given', () => {
    const headers = new HeaderList(['X-A', '1'])
    expect(renderDirect({ status: 200, headers, body: 'ok' })).toEqual({ status: 200, headers, body: 'ok' })
  })

  it('may be a status alone', () => {
    const answer = renderDirect({ status: 204 })
    expect([answer.status, answer.headers.pairs, answer.body]).toEqual([204, [], ''])
  })
})
