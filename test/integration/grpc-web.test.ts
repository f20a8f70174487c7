// gRPC-Web from a real client, through the gateway, to a real service of gRPC.
import { Code, ConnectError, createClient } from '@connectrpc/connect'
import { createGrpcWebTransport } from '@connectrpc/connect-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EchoServer, echoDescriptor, startEchoServer, type Text } from '../support/echo-service.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { send } from '../support/http-client.ts'

let echo: EchoServer
let gateway: TestGateway

beforeAll(async () => {
  echo = await startEchoServer()
  gateway = await startTestGateway(`
listeners:
  http2: { protocol: h2c, address: "127.0.0.1:0" }
services:
  echo:
    targets: [h2c://127.0.0.1:${echo.port}]
    grpcWeb: true
    cors: { origins: [https://app.test], exposeHeaders: [Grpc-Status] }
    routes:
      all: POST /test.Echo/*
      limited1: { match: POST /limited/1.1/test.Echo/*, rewrite: /test.Echo/*, rateLimit: { limit: 1/d } }
      limited2: { match: POST /limited/2/test.Echo/*, rewrite: /test.Echo/*, rateLimit: { limit: 1/d } }
`)
})
afterAll(async () => {
  await gateway.stop()
  echo.close()
})

interface Echo {
  say(text: Text, options?: object): Promise<Text>
  count(text: Text, options?: object): AsyncIterable<Text>
}

type Version = '1.1' | '2'

function client(httpVersion: Version = '1.1', prefix = ''): Echo {
  const address = httpVersion === '2' ? gateway.gateway.addresses.listeners['http2']! : gateway.url
  const baseUrl = address + prefix
  return createClient(echoDescriptor(), createGrpcWebTransport({ baseUrl, httpVersion })) as never
}

async function codeOf(calling: Promise<unknown>): Promise<Code> {
  const failure = await calling.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(failure).toBeInstanceOf(ConnectError)
  return (failure as ConnectError).code
}

describe.each(['1.1', '2'] as const)('gRPC-Web over HTTP/%s', (version) => {
  it('carries a call, its metadata both ways, and its trailers', async () => {
    const got: Record<string, string | null> = {}
    const answer = await client(version).say(
      { value: 'hello' },
      {
        headers: { 'x-word': 'w' },
        onHeader: (headers: Headers) => Object.assign(got, { header: headers.get('x-word') }),
        onTrailer: (trailers: Headers) => Object.assign(got, { trailer: trailers.get('x-trailer') }),
      },
    )
    expect(answer.value).toBe('hello')
    expect(got).toEqual({ header: 'w', trailer: 'behind' })
  })

  it('carries a megabyte, and a stream of answers', async () => {
    const value = 'x'.repeat(1024 ** 2)
    expect((await client(version).say({ value })).value).toBe(value)
    const values: string[] = []
    for await (const text of client(version).count({ value: '5' })) values.push(text.value)
    expect(values).toEqual(['0', '1', '2', '3', '4'])
  })

  it('carries the failures of the service, at once and in the middle of a stream', async () => {
    expect(await codeOf(client(version).say({ value: 'fail 5 gone' }))).toBe(Code.NotFound)
    const values: string[] = []
    const reading = (async () => {
      for await (const text of client(version).count({ value: '2 fail 9 broken' })) values.push(text.value)
    })()
    expect(await codeOf(reading)).toBe(Code.FailedPrecondition)
    expect(values).toEqual(['0', '1'])
  })

  it('says what the gateway refuses: an unknown path, a limit, a deadline', async () => {
    expect(await codeOf(client(version, '/nowhere').say({ value: 'x' }))).toBe(Code.Unimplemented)
    const limited = client(version, `/limited/${version}`)
    expect((await limited.say({ value: 'x' })).value).toBe('x')
    expect(await codeOf(limited.say({ value: 'x' }))).toBe(Code.ResourceExhausted)
    expect(await codeOf(client(version).say({ value: 'hang' }, { timeoutMs: 300 }))).toBe(
      Code.DeadlineExceeded,
    )
  })
})

describe('gRPC-Web', () => {
  it('as text is decoded on the way in and encoded on the way out', async () => {
    const message = Buffer.from([0, 0, 0, 0, 4, 10, 2, 104, 105])
    const response = await send(`${gateway.url}/test.Echo/Say`, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc-web-text+proto', origin: 'https://app.test' },
      body: message.toString('base64'),
    })
    expect(response.headers['content-type']).toBe('application/grpc-web-text+proto')
    expect(response.headers['access-control-expose-headers']).toContain('Grpc-Status')
    const decoded = (response.body.match(/[^=]+={0,2}/g) ?? []).map((part) => Buffer.from(part, 'base64'))
    const whole = Buffer.concat(decoded)
    expect(whole.subarray(0, message.length)).toEqual(message)
    expect(whole.toString('latin1', message.length + 5)).toMatch(/grpc-status: 0\r\n/)
  })

  it('that is no base64 is refused, and no target is blamed', async () => {
    const response = await send(`${gateway.url}/test.Echo/Say`, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc-web-text' },
      body: '***!',
    })
    expect(response.headers['grpc-status']).toBe('13')
    expect(response.headers['x-gateway-error']).toBe('BAD_REQUEST')
  })
})
