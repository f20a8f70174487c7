// gRPC-Web from the client that pages use, as text and in binary, through the gateway, to a real service of gRPC.
import { GrpcWebClientBase, MethodDescriptor, MethodType, type RpcError, StatusCode } from 'grpc-web'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { EchoClient, type EchoServer, startEchoServer, type Text } from '../support/echo-service.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { NodeXmlHttpRequest } from '../support/xml-http-request.ts'

const LARGE = 'x'.repeat(1024 ** 2)

let echo: EchoServer
let gateway: TestGateway

beforeAll(async () => {
  vi.stubGlobal('XMLHttpRequest', NodeXmlHttpRequest)
  echo = await startEchoServer()
  gateway = await startTestGateway(`
auth: { corp: { type: jwt, issuer: https://id.test, audience: api, secret: "${'s'.repeat(32)}" } }
defaults: { auth: none }
services:
  echo:
    targets: [h2c://127.0.0.1:${echo.port}]
    grpcWeb: true
    routes:
      all: POST /test.Echo/*
      guarded: { match: POST /guarded/test.Echo/*, rewrite: /test.Echo/*, auth: corp }
      bounded: { match: POST /bounded/test.Echo/*, rewrite: /test.Echo/*, bodyLimit: 1KB }
      hasty: { match: POST /hasty/test.Echo/*, rewrite: /test.Echo/*, timeout: 300ms }
      text: { match: POST /text/test.Echo/*, rewrite: /test.Echo/*, rateLimit: { limit: 1/d } }
      binary: { match: POST /binary/test.Echo/*, rewrite: /test.Echo/*, rateLimit: { limit: 1/d } }
  gone:
    targets: [h2c://127.0.0.1:1]
    grpcWeb: true
    routes: { all: POST /gone/test.Echo/* }
`)
})
afterAll(async () => {
  await gateway.stop()
  echo.close()
  vi.unstubAllGlobals()
})

type Format = 'text' | 'binary'

function method(name: 'Say' | 'Count', type: string): MethodDescriptor<Text, Text> {
  const { path, requestSerialize, responseDeserialize } = EchoClient.service[name]!
  const none = class {} as never
  return new MethodDescriptor<Text, Text>(path, type, none, none, requestSerialize, (bytes: Uint8Array) =>
    responseDeserialize(Buffer.from(bytes)),
  )
}

const SAY = method('Say', MethodType.UNARY)
const COUNT = method('Count', MethodType.SERVER_STREAMING)

interface Asked {
  readonly format: Format
  readonly prefix?: string
  readonly metadata?: Record<string, string>
}

interface Outcome {
  readonly values: string[]
  code: number
  details: string
  head: Record<string, string>
  end: Record<string, string>
}

/** A call to its end. Also a unary one is a stream with one message in it. */
function call(descriptor: MethodDescriptor<Text, Text>, value: string, asked: Asked): Promise<Outcome> {
  const { stream } = start(descriptor, value, asked)
  const outcome: Outcome = { values: [], code: StatusCode.UNKNOWN, details: '', head: {}, end: {} }
  return new Promise((resolve) => {
    stream.on('data', (text) => outcome.values.push(text.value))
    stream.on('metadata', (head) => {
      outcome.head = head
    })
    stream.on('status', ({ code, details, metadata }) => {
      Object.assign(outcome, { code, details, end: metadata ?? {} })
      setTimeout(() => resolve(outcome), 20)
    })
  })
}

function start(
  descriptor: MethodDescriptor<Text, Text>,
  value: string,
  { format, prefix = '', metadata }: Asked,
) {
  const client = new GrpcWebClientBase({ format })
  const path = `${gateway.url}${prefix}${descriptor.getName()}`
  return { client, stream: client.serverStreaming(path, { value }, metadata ?? {}, descriptor) }
}

async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe.each(['text', 'binary'] as const)('the client of pages, in %s', (format) => {
  it('makes a call and gets its answer, with metadata both ways and trailers', async () => {
    const metadata = { 'x-word': 'w' }
    const { values, code, head, end } = await call(SAY, 'hëllo', { format, metadata })
    expect({ values, code }).toEqual({ values: ['hëllo'], code: StatusCode.OK })
    expect(head['x-word']).toBe('w')
    expect(head['x-request-id']).toMatch(/^[0-9a-f]{32}$/)
    expect(end).toEqual({ 'x-trailer': 'behind' })
    const seen = echo.calls.at(-1)!
    expect(seen.get('x-word')).toEqual(['w'])
    expect(seen.get('x-grpc-web')).toEqual([])
  })

  it('makes a unary call by its promise, and one that fails', async () => {
    const client = new GrpcWebClientBase({ format })
    const say = (value: string) => client.unaryCall(`${gateway.url}${SAY.getName()}`, { value }, {}, SAY)
    expect(await say('hello')).toEqual({ value: 'hello' })
    const failed: RpcError = await say('fail 5 not here: 100 %').then(
      () => undefined as never,
      (error: RpcError) => error,
    )
    expect(failed).toMatchObject({ code: StatusCode.NOT_FOUND, message: 'not here: 100 %' })
  })

  it('carries a megabyte each way', async () => {
    const { values, code } = await call(SAY, LARGE, { format })
    expect(code).toBe(StatusCode.OK)
    expect(values.map((value) => value === LARGE)).toEqual([true])
  })

  it('reads a stream of answers of any length, and one that fails on its way', async () => {
    const values = Array.from({ length: 500 }, (_, at) => String(at))
    expect(await call(COUNT, '500', { format })).toMatchObject({ values, code: StatusCode.OK })
    const broken = await call(COUNT, '2 fail 9 broken', { format })
    expect(broken).toMatchObject({
      values: ['0', '1'],
      code: StatusCode.FAILED_PRECONDITION,
      details: 'broken',
      end: { 'x-trailer': 'behind' },
    })
  })

  it.each([
    ['/nowhere', 'x', StatusCode.UNIMPLEMENTED, 'ROUTE_NOT_FOUND'],
    ['/guarded', 'x', StatusCode.UNAUTHENTICATED, 'UNAUTHENTICATED'],
    ['/bounded', LARGE, StatusCode.RESOURCE_EXHAUSTED, 'BODY_TOO_LARGE'],
    ['/gone', 'x', StatusCode.UNAVAILABLE, 'UPSTREAM_UNREACHABLE'],
    ['/hasty', 'hang', StatusCode.DEADLINE_EXCEEDED, 'UPSTREAM_TIMEOUT'],
  ])('is told what the gateway refuses: %s', async (prefix, value, code, error) => {
    const outcome = await call(SAY, value, { format, prefix })
    expect(outcome).toMatchObject({ values: [], code, end: { 'x-gateway-error': error } })
    expect(outcome.details).toMatch(/^[A-Z][\w ,.-]+$/)
  })

  it('is told behind the answers that came what the gateway has given up', async () => {
    expect(await call(COUNT, '2 hang', { format, prefix: '/hasty' })).toMatchObject({
      values: ['0', '1'],
      code: StatusCode.DEADLINE_EXCEEDED,
      end: { 'x-gateway-error': 'UPSTREAM_TIMEOUT' },
    })
  })

  it('is told that there were too many calls, and that its own deadline has passed', async () => {
    const prefix = `/${format}`
    expect(await call(SAY, 'x', { format, prefix })).toMatchObject({ code: StatusCode.OK })
    expect(await call(SAY, 'x', { format, prefix })).toMatchObject({ code: StatusCode.RESOURCE_EXHAUSTED })
    const metadata = { deadline: String(Date.now() + 300) }
    expect(await call(SAY, 'hang', { format, metadata })).toMatchObject({
      code: StatusCode.DEADLINE_EXCEEDED,
    })
  })

  it('ends the call at the service when it cancels', async () => {
    const [arrived, before] = [echo.calls.length, echo.cancelled()]
    const { stream } = start(COUNT, '1 hang', { format })
    await eventually(() => echo.calls.length === arrived + 1)
    stream.cancel()
    await eventually(() => echo.cancelled() === before + 1)
  })
})

it('as text, each answer of a stream is there before the next one comes', async () => {
  const { stream } = start(COUNT, '3 hang', { format: 'text' })
  const values: string[] = []
  stream.on('data', ({ value }) => values.push(value))
  await eventually(() => values.length === 3)
  expect(values).toEqual(['0', '1', '2'])
  stream.cancel()
})
