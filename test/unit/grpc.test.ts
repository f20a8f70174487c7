// What the gateway knows of gRPC.
import { describe, expect, it } from 'vitest'
import { type ErrorCode, GatewayError } from '../../src/errors.ts'
import {
  grpcTrailers,
  grpcTypeOf,
  isNativeGrpc,
  outcomeStatus,
  readGrpcStatus,
  readGrpcTimeout,
  setGrpcTimeout,
} from '../../src/grpc.ts'
import { HeaderList } from '../../src/headers.ts'

describe('a call of gRPC', () => {
  it.each([
    ['application/grpc', 'application/grpc'],
    ['application/grpc+proto', 'application/grpc+proto'],
    ['Application/GRPC; charset=utf-8', 'application/grpc'],
    ['application/grpc-web', 'application/grpc-web'],
    ['application/grpc-web+proto', 'application/grpc-web+proto'],
    ['application/grpc-web-text+proto', 'application/grpc-web-text+proto'],
    ['application/grpcx', undefined],
    ['application/grpc-other', undefined],
    ['application/grpc+a b', undefined],
    ['text/application/grpc', undefined],
    ['application/json', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('is known by its media type: %j', (type, expected) => {
    expect(grpcTypeOf(type)).toBe(expected)
  })

  it('has its status in trailers, unless it is of gRPC-Web', () => {
    expect(isNativeGrpc('application/grpc+proto')).toBe(true)
    expect(isNativeGrpc('application/grpc-web')).toBe(false)
    expect(isNativeGrpc(undefined)).toBe(false)
  })
})

describe('a failure of the gateway as a status', () => {
  it.each<[ErrorCode, number]>([
    ['BAD_REQUEST', 13],
    ['UNAUTHENTICATED', 16],
    ['INSUFFICIENT_SCOPE', 7],
    ['ROUTE_NOT_FOUND', 12],
    ['METHOD_NOT_ALLOWED', 12],
    ['REQUEST_TIMEOUT', 4],
    ['BODY_TOO_LARGE', 8],
    ['RATE_LIMITED', 8],
    ['CLIENT_CLOSED', 1],
    ['INTERNAL_ERROR', 13],
    ['UPSTREAM_RESET', 14],
    ['NO_HEALTHY_TARGET', 14],
    ['CIRCUIT_OPEN', 14],
    ['UPSTREAM_TIMEOUT', 4],
  ])('%s is %i', (code, status) => {
    expect(grpcTrailers(new GatewayError(code)).slice(0, 2)).toEqual(['grpc-status', String(status)])
  })

  it('has a message that any header may carry, and its code', () => {
    const trailers = grpcTrailers(new GatewayError('RATE_LIMITED', { detail: '100 % → später\n' }))
    expect(trailers.slice(2)).toEqual([
      ...['grpc-message', '100 %25 %E2%86%92 sp%C3%A4ter%0A'],
      ...['x-gateway-error', 'RATE_LIMITED'],
    ])
  })
})

describe('grpc-timeout', () => {
  it.each([
    ['5S', 5000],
    ['100m', 100],
    ['2M', 120_000],
    ['1H', 3_600_000],
    ['1500u', 1.5],
    ['0n', 0],
    ['24H', 86_400_000],
    ['25H', undefined],
    ['99999999S', undefined],
    ['123456789m', undefined],
    ['5', undefined],
    ['S', undefined],
    ['-5S', undefined],
    ['5 S', undefined],
    [undefined, undefined],
  ])('of %j is %j milliseconds', (text, ms) => {
    expect(readGrpcTimeout(text)).toBe(ms)
  })

  it.each([
    [1234.9, '1234m'],
    [0.4, '0m'],
    [-5, '0m'],
    [1e12, '99999999m'],
  ])('with %d milliseconds left is %s', (left, text) => {
    const headers = new HeaderList(['Grpc-Timeout', '9S'])
    setGrpcTimeout(headers, left)
    expect(headers.pairs).toEqual(['Grpc-Timeout', text])
  })
})

describe('what a response amounts to', () => {
  const response = (status: number, grpcStatus?: string) => ({
    status,
    headers: new HeaderList(grpcStatus === undefined ? [] : ['grpc-status', grpcStatus]),
  })

  it.each([
    ['14', 503],
    ['8', 429],
    ['4', 504],
    ['13', 500],
    ['2', 500],
    ['15', 500],
    ['0', 200],
    ['5', 200],
    ['99', 200],
    [undefined, 200],
  ])('is for a call that ended with the status %j the same as %i', (status, expected) => {
    expect(outcomeStatus({ grpc: 'application/grpc' }, response(200, status))).toBe(expected)
  })

  it('is its own status when it is no call, or no answer of gRPC', () => {
    expect(outcomeStatus({ grpc: undefined }, response(200, '14'))).toBe(200)
    expect(outcomeStatus({ grpc: 'application/grpc' }, response(429, '14'))).toBe(429)
  })
})

describe('a status that was read', () => {
  it.each([
    ['0', 0],
    ['16', 16],
    ['17', 2],
    ['nonsense', 2],
    ['', 2],
    [undefined, undefined],
  ])('%j is %j', (text, status) => {
    expect(readGrpcStatus(text)).toBe(status)
  })
})
