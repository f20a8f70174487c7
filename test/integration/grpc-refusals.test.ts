// What the gateway refuses or cannot do is a status to real clients of gRPC, whatever the call streams.
import { Metadata, type ServiceError, status as STATUS } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Text } from '../support/echo-service.ts'
import {
  type Echo,
  eventually,
  type GrpcRig,
  readAll,
  say,
  startGrpcRig,
  TRANSPORTS,
  type Transport,
} from '../support/grpc-rig.ts'

const ROUTES = 'routes: { all: POST /test.Echo/* }'
const LARGE = 'x'.repeat(5000)

let rig: GrpcRig

beforeAll(async () => {
  const service = (line: string) => `targets: ["{target}"]\n${line}\n${ROUTES}`
  rig = await startGrpcRig(
    {
      guarded: service('auth: corp'),
      closed: service('ipAllow: { deny: [127.0.0.0/8, "::1"] }'),
      elsewhere: 'targets: ["{target}"]\nroutes: { all: POST /test.Other/* }',
      reading: 'targets: ["{target}"]\nroutes: { all: GET /test.Echo/* }',
      bounded: service('bodyLimit: 1KB'),
      limited: service('rateLimit: { limit: 1/d }'),
      gone: `targets: [h2c://127.0.0.1:1]\n${ROUTES}`,
      full: service('concurrency: 1'),
      slow: service('timeout: 300ms'),
    },
    `auth: { corp: { type: jwt, issuer: https://id.test, audience: api, secret: "${'s'.repeat(32)}" } }
defaults: { auth: none }`,
  )
})
afterAll(() => rig.stop())

interface Failed {
  readonly code: number
  readonly details: string
  readonly metadata: Metadata
}

const failure = (error: ServiceError | null): Failed =>
  error ?? { code: STATUS.OK, details: '', metadata: new Metadata() }

/** The four kinds of calls with what they send; none of those that hang gets an answer. */
const CALLS: Readonly<Record<string, (echo: Echo, value: string) => Promise<Failed>>> = {
  unary: async (echo, value) => failure((await say(echo, value)).error),
  'server-streaming': (echo, value) => readAll(echo.Count({ value: `0 ${value}` })),
  'client-streaming': (echo, value) =>
    new Promise((resolve) => {
      const stream = echo.Join((error) => resolve(failure(error)))
      stream.on('error', () => {})
      stream.write({ value })
      stream.end()
    }),
  bidirectional(echo, value) {
    const stream = echo.Chat()
    const read = readAll(stream)
    stream.write({ value })
    stream.end()
    return read
  },
}

interface Case {
  readonly http: number
  readonly service: string
  readonly code: number
  readonly error: string
  readonly value?: string
  /** Brings the gateway to where it refuses; ends with what undoes it. */
  before?(over: Transport): Promise<() => void>
}

const CASES: readonly Case[] = [
  { http: 401, service: 'guarded', code: STATUS.UNAUTHENTICATED, error: 'UNAUTHENTICATED' },
  { http: 403, service: 'closed', code: STATUS.PERMISSION_DENIED, error: 'ADDRESS_FORBIDDEN' },
  { http: 404, service: 'nowhere', code: STATUS.UNIMPLEMENTED, error: 'ROUTE_NOT_FOUND' },
  { http: 404, service: 'elsewhere', code: STATUS.UNIMPLEMENTED, error: 'ROUTE_NOT_FOUND' },
  { http: 405, service: 'reading', code: STATUS.UNIMPLEMENTED, error: 'METHOD_NOT_ALLOWED' },
  { http: 413, service: 'bounded', code: STATUS.RESOURCE_EXHAUSTED, error: 'BODY_TOO_LARGE', value: LARGE },
  {
    http: 429,
    service: 'limited',
    code: STATUS.RESOURCE_EXHAUSTED,
    error: 'RATE_LIMITED',
    async before(over) {
      await say(rig.client(over, 'limited'), 'x')
      return () => {}
    },
  },
  { http: 502, service: 'gone', code: STATUS.UNAVAILABLE, error: 'UPSTREAM_UNREACHABLE' },
  {
    http: 503,
    service: 'full',
    code: STATUS.UNAVAILABLE,
    error: 'CONCURRENCY_LIMITED',
    async before(over) {
      const { calls } = rig.services[over]
      const before = calls.length
      const call = rig.client(over, 'full').Say({ value: 'hang' }, new Metadata(), {}, () => {})
      await eventually(() => calls.length === before + 1)
      return () => call.cancel()
    },
  },
  { http: 504, service: 'slow', code: STATUS.DEADLINE_EXCEEDED, error: 'UPSTREAM_TIMEOUT', value: 'hang' },
]

describe.each(TRANSPORTS)('what is no answer of the service (%s)', (over) => {
  it.each(CASES)(
    '$http $error of "$service" is the status $code, for all four kinds of calls',
    async (one) => {
      const undo = await one.before?.(over)
      const client = rig.client(over, one.service)
      for (const [kind, call] of Object.entries(CALLS)) {
        const { code, details, metadata } = await call(client, one.value ?? 'x')
        const [error] = metadata.get('x-gateway-error')
        expect({ kind, code, error }).toEqual({ kind, code: one.code, error: one.error })
        expect(details).toMatch(/^[A-Z][\w ,.-]+$/)
        const [requestId] = metadata.get('x-request-id')
        await eventually(() => rig.gateway.log.some((line) => line['requestId'] === requestId))
        const logged = rig.gateway.log.find((line) => line['requestId'] === requestId)
        expect(logged).toMatchObject({ grpcStatus: one.code, cause: one.error })
      }
      undo?.()
      const metrics = await rig.gateway.metrics()
      expect(metrics).toMatch(
        new RegExp(`rpc_grpc_status_code="${one.code}"[^\\n]*error_type="${one.error}"`),
      )
    },
  )

  it('a stream that grows beyond its limit is told so behind what came', async () => {
    const stream = rig.client(over, 'bounded').Chat()
    const read = readAll(stream)
    stream.write({ value: 'one' })
    await new Promise<void>((resolve) => stream.on('data', ({ value }: Text) => value === 'one' && resolve()))
    stream.write({ value: LARGE })
    const { values, code, metadata } = await read
    expect({ values, code }).toEqual({ values: ['one'], code: STATUS.RESOURCE_EXHAUSTED })
    expect(metadata.get('x-gateway-error')).toEqual(['BODY_TOO_LARGE'])
  })
})
