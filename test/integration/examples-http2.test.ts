// The examples of HTTP/2 and gRPC: to clients, to targets, and what is called over it.
import { once } from 'node:events'
import { type ClientHttp2Session, connect, createSecureServer, createServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { createClient } from '@connectrpc/connect'
import { createGrpcWebTransport } from '@connectrpc/connect-node'
import { type ClientReadableStream, credentials, type ServiceError } from '@grpc/grpc-js'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type Example, startExample } from '../support/example.ts'
import {
  GreeterClient,
  greeterDescriptor,
  type HelloReply,
  type HelloRequest,
  startGreeter,
} from '../support/greeter-service.ts'
import { send } from '../support/http-client.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'
import { type Certificate, makeCertificate } from '../unit/upstream/certificates.ts'

function open(url: string, options: { readonly ca?: string; readonly servername?: string } = {}) {
  const session = connect(url, options)
  session.on('error', () => {})
  onTestFinished(() => session.destroy())
  return session
}

async function get(session: ClientHttp2Session, path: string) {
  const stream = session.request({ ':path': path, ':authority': 'api.example.com' })
  const [head] = await once(stream, 'response')
  const chunks: Buffer[] = await stream.toArray()
  return { status: head[':status'], body: Buffer.concat(chunks).toString() }
}

describe('http2.yaml', () => {
  async function start(): Promise<{ example: Example; target: TargetServer; api: Certificate }> {
    const target = await startTarget()
    onTestFinished(target.close)
    const api = makeCertificate(['api.example.com'])
    const example = await startExample('http2.yaml', {
      targets: () => [target.url],
      env: { API_CERT_FILE: api.certFile, API_KEY_FILE: api.keyFile },
    })
    return { example, target, api }
  }

  it('speaks it where TLS agrees on it, and in clear text with who knows beforehand', async () => {
    const { example, api } = await start()
    const secure = open(example.url('public'), { ca: api.cert, servername: 'api.example.com' })
    expect(await get(secure, '/orders/1')).toEqual({ status: 200, body: '{"path":"/orders/1"}' })
    expect(secure.alpnProtocol).toBe('h2')
    const clear = open(example.url('internal'))
    expect(await get(clear, '/orders/2')).toEqual({ status: 200, body: '{"path":"/orders/2"}' })
    // The same port takes HTTP/1.1 as well.
    expect(await send(`${example.url('internal')}/orders/3`)).toMatchObject({ status: 200 })
  })

  it('allows as many requests at once as it says', async () => {
    const { example } = await start()
    const session = open(example.url('internal'))
    await once(session, 'remoteSettings')
    expect(session.remoteSettings.maxConcurrentStreams).toBe(50)
  })

  it('ends after the requests that it has: a drain', async () => {
    const { example, target } = await start()
    const finish = Promise.withResolvers<void>()
    target.answer = (_request, response) => void finish.promise.then(() => response.end('late'))
    const session = open(example.url('internal'))
    const answer = get(session, '/orders/slow')
    await expect.poll(() => target.seen.length).toBe(1)
    const leaving = once(session, 'goaway')
    const stopped = example.stop()
    await leaving
    finish.resolve()
    expect(await answer).toEqual({ status: 200, body: 'late' })
    await stopped
  })
})

describe('http2-targets.yaml', () => {
  const version = ({ httpVersion }: { httpVersion: string }, response: { end(text: string): unknown }) =>
    void response.end(httpVersion)

  it('speaks it to a target that is said to, and to one that chooses it in the handshake', async () => {
    const certificate = makeCertificate(['127.0.0.1'])
    const { cert, key } = certificate
    const ports: Record<string, string> = {}
    for (const [name, scheme, server] of [
      ['catalogue', 'h2c', createServer(version)],
      ['orders', 'https', createSecureServer({ cert, key, allowHTTP1: true }, version)],
    ] as const) {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      onTestFinished(() => void server.close())
      ports[name] = `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`
    }
    const example = await startExample('http2-targets.yaml', {
      targets: ({ name }) => [ports[name]!],
      targetCa: certificate,
    })
    for (const path of ['/catalogue/1', '/orders/1'])
      expect(await send(`${example.url()}${path}`)).toMatchObject({ status: 200, body: '2.0' })
  })
})

interface Greeter {
  SayHello(request: HelloRequest, done: (error: ServiceError | null, reply?: HelloReply) => void): void
  Watch(request: HelloRequest): ClientReadableStream<HelloReply>
  close(): void
}

describe('grpc.yaml', () => {
  async function start(failures: number): Promise<Greeter> {
    const greeter = await startGreeter({ failures })
    const example = await startExample('grpc.yaml', { targets: () => [greeter] })
    const client = new GreeterClient(new URL(example.url('calls')).host, credentials.createInsecure())
    onTestFinished(() => client.close())
    return client as unknown as Greeter
  }

  it('carries calls, and makes one again that was UNAVAILABLE', async () => {
    const client = await start(1)
    const reply = await new Promise<HelloReply | undefined>((resolve, reject) =>
      client.SayHello({ name: 'Ada' }, (error, answer) => (error ? reject(error) : resolve(answer))),
    )
    expect(reply).toEqual({ message: 'Hello Ada' })
  })

  it('carries streams', async () => {
    const client = await start(0)
    const replies: HelloReply[] = await client.Watch({ name: 'Ada' }).toArray()
    expect(replies).toEqual([{ message: 'Hello Ada' }, { message: 'Again Ada' }])
  })
})

describe('grpc-web.yaml', () => {
  it('carries the call of a page, and lets its origin read the status', async () => {
    const greeter = await startGreeter()
    const example = await startExample('grpc-web.yaml', { targets: () => [greeter] })
    const transport = createGrpcWebTransport({ baseUrl: example.url(), httpVersion: '1.1' })
    const client = createClient(greeterDescriptor(), transport) as unknown as {
      sayHello(request: HelloRequest, options: object): Promise<HelloReply>
    }
    const heads: Headers[] = []
    const reply = await client.sayHello(
      { name: 'Ada' },
      { headers: { origin: 'https://app.example.com' }, onHeader: (head: Headers) => heads.push(head) },
    )
    expect(reply.message).toBe('Hello Ada')
    expect(heads[0]!.get('access-control-allow-origin')).toBe('https://app.example.com')
    expect(heads[0]!.get('access-control-expose-headers')).toContain('Grpc-Status')
  })

  it('answers the preflight of that page, and not that of another', async () => {
    const example = await startExample('grpc-web.yaml')
    const ask = (origin: string) =>
      send(`${example.url()}/helloworld.Greeter/SayHello`, {
        method: 'OPTIONS',
        headers: {
          origin,
          'access-control-request-method': 'POST',
          'access-control-request-headers': 'content-type,x-grpc-web',
        },
      })
    const allowed = await ask('https://app.example.com')
    expect(allowed.status).toBe(204)
    expect(allowed.headers['access-control-allow-origin']).toBe('https://app.example.com')
    expect((await ask('https://evil.example')).headers).not.toHaveProperty('access-control-allow-origin')
  })
})
