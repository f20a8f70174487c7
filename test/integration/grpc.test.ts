// gRPC through the gateway: a real client, HTTP/2 on both sides, a real service; in clear text and over TLS.
import {
  type CallOptions,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientWritableStream,
  credentials,
  Metadata,
  ServerCredentials,
  type ServiceError,
  status as STATUS,
} from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EchoClient, type EchoServer, startEchoServer, type Text } from '../support/echo-service.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { issueCertificate } from '../unit/upstream/certificates.ts'

interface Echo {
  Say(text: Text, metadata: Metadata, options: CallOptions, done: Done): Call
  Count(text: Text): ClientReadableStream<Text>
  Join(done: Done): ClientWritableStream<Text>
  Chat(options?: CallOptions): ClientDuplexStream<Text, Text>
  close(): void
}

type Done = (error: ServiceError | null, text?: Text) => void

interface Call {
  cancel(): void
  on(event: 'metadata' | 'status', listener: (facts: never) => void): Call
}

let plain: EchoServer
let secure: EchoServer
let gateway: TestGateway
let clients: Readonly<Record<'clear' | 'tls', Echo>>

const OPTIONS = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 }

beforeAll(async () => {
  const { cert, key } = issueCertificate(['localhost', '127.0.0.1'])
  plain = await startEchoServer()
  const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) }
  secure = await startEchoServer(ServerCredentials.createSsl(null, [pair]))
  gateway = await startTestGateway(
    `
listeners:
  clear: { protocol: h2c, address: "127.0.0.1:0" }
  tls: { address: "127.0.0.1:0", tls: { certificates: [{ cert: cert.pem, key: key.pem }] } }
services:
  plain:
    targets: [h2c://127.0.0.1:${plain.port}]
    routes: { all: POST /test.Echo/* }
  secure:
    host: secure.test
    targets: [https://127.0.0.1:${secure.port}]
    tls: { ca: cert.pem }
    routes: { all: POST /test.Echo/* }
  guarded:
    host: guarded.test
    targets: [h2c://127.0.0.1:${plain.port}]
    timeout: 1500ms
    routes:
      limited: { match: POST /test.Echo/Join, rateLimit: { limit: 1/d }, timeout: 30s }
      all: POST /test.Echo/*
  gone:
    host: gone.test
    targets: [h2c://127.0.0.1:1]
    routes: { all: POST /test.Echo/* }
`,
    { files: { 'cert.pem': cert, 'key.pem': key } },
  )
  const port = (name: string) => new URL(gateway.gateway.addresses.listeners[name]!).port
  clients = {
    clear: client(`127.0.0.1:${port('clear')}`),
    tls: client(`localhost:${port('tls')}`, credentials.createSsl(Buffer.from(cert))),
  }
})
afterAll(async () => {
  for (const one of [...Object.values(clients), ...others]) one.close()
  await gateway.stop()
  plain.close()
  secure.close()
})

const others: Echo[] = []

function client(address: string, channel = credentials.createInsecure(), authority?: string): Echo {
  const options = authority === undefined ? OPTIONS : { ...OPTIONS, 'grpc.default_authority': authority }
  return new EchoClient(address, channel, options) as unknown as Echo
}

/** A client in clear text whose calls go to this host. */
function asHost(authority: string): Echo {
  const made = client(new URL(gateway.gateway.addresses.listeners['clear']!).host, undefined, authority)
  others.push(made)
  return made
}

interface Said {
  readonly value: string | undefined
  readonly error: ServiceError | null
  readonly head: Metadata | undefined
  readonly end: { readonly code: number; readonly metadata: Metadata }
}

function say(echo: Echo, value: string, metadata = new Metadata(), options: CallOptions = {}): Promise<Said> {
  return new Promise((resolve) => {
    const said: { head?: Metadata; done?: Pick<Said, 'value' | 'error'> } = {}
    echo
      .Say({ value }, metadata, options, (error, text) => {
        said.done = { error, value: text?.value }
      })
      .on('metadata', (head: Metadata) => {
        said.head = head
      })
      .on('status', (end: Said['end']) =>
        setImmediate(() => resolve({ ...said.done!, head: said.head, end })),
      )
  })
}

const within = (ms: number): CallOptions => ({ deadline: Date.now() + ms })

async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

async function readAll(stream: ClientReadableStream<Text>): Promise<{ values: string[]; code: number }> {
  const values: string[] = []
  stream.on('data', ({ value }: Text) => values.push(value))
  stream.on('error', () => {})
  const code = await new Promise<number>((resolve) => stream.on('status', ({ code }) => resolve(code)))
  return { values, code }
}

describe.each(['clear', 'tls'] as const)('gRPC over %s', (over) => {
  it('carries a call, its metadata both ways, binary too, and its trailers', async () => {
    const metadata = new Metadata()
    metadata.add('x-word', 'one')
    metadata.add('x-word', 'two')
    metadata.add('x-data-bin', Buffer.from([0, 255, 10]))
    const { value, error, head, end } = await say(clients[over], 'hello', metadata)
    expect({ value, error }).toEqual({ value: 'hello', error: null })
    expect(head!.get('x-word')).toEqual(['one, two'])
    expect(head!.get('x-data-bin')).toEqual([Buffer.from([0, 255, 10])])
    expect(head!.get('x-request-id')[0]).toMatch(/^[0-9a-f]{32}$/)
    expect(end.metadata.get('x-trailer')).toEqual(['behind'])
  })

  it('carries messages of four megabytes', async () => {
    const value = 'x'.repeat(4 * 1024 ** 2)
    expect((await say(clients[over], value)).value).toBe(value)
  })

  it('carries the status and the message of a failure of the service', async () => {
    const { error } = await say(clients[over], 'fail 5 not here: 100 %')
    expect(error).toMatchObject({ code: STATUS.NOT_FOUND, details: 'not here: 100 %' })
    expect(error!.metadata.get('x-trailer')).toEqual(['behind'])
  })

  it('carries a stream of answers, and one that fails on its way', async () => {
    const values = Array.from({ length: 500 }, (_, at) => String(at))
    expect(await readAll(clients[over].Count({ value: '500' }))).toEqual({ values, code: STATUS.OK })
    const broken = await readAll(clients[over].Count({ value: '2 fail' }))
    expect(broken).toEqual({ values: ['0', '1'], code: STATUS.FAILED_PRECONDITION })
  })

  it('carries a stream of requests', async () => {
    const joined = await new Promise((resolve, reject) => {
      const stream = clients[over].Join((error, text) => (error ? reject(error) : resolve(text?.value)))
      for (const value of ['a', 'b', 'c']) stream.write({ value })
      stream.end()
    })
    expect(joined).toBe('abc')
  })

  it('carries both at once: each answer comes before the next request is sent', async () => {
    const stream = clients[over].Chat()
    const values: string[] = []
    stream.on('data', ({ value }: Text) => values.push(value))
    const code = new Promise((resolve) => stream.on('status', ({ code }) => resolve(code)))
    for (const word of ['one', 'two', 'three']) {
      stream.write({ value: word })
      await eventually(() => values.at(-1) === word)
    }
    stream.end()
    expect(await code).toBe(STATUS.OK)
    expect(values).toEqual(['one', 'two', 'three'])
  })
})

it('gRPC goes to a target over TLS, which is asked in HTTP/2', async () => {
  expect((await say(asHost('secure.test'), 'hello')).value).toBe('hello')
  expect(secure.calls).toHaveLength(1)
})

describe('a deadline', () => {
  it('is told to the service: what is left of it', async () => {
    await say(clients.clear, 'hello', undefined, within(30_000))
    expect(plain.left()).toBeGreaterThan(0)
    expect(plain.left()).toBeLessThanOrEqual(30_000)
  })

  it('of the route is the lower one, and cancels the call', async () => {
    const before = plain.cancelled()
    const { error } = await say(asHost('guarded.test'), 'hang', undefined, within(60_000))
    expect(error).toMatchObject({ code: STATUS.DEADLINE_EXCEEDED })
    expect(error!.metadata.get('x-gateway-error')).toEqual(['UPSTREAM_TIMEOUT'])
    await eventually(() => plain.cancelled() === before + 1)
  })

  it('that passes in the middle of a stream is told behind what came', async () => {
    const { values, code } = await readAll(asHost('guarded.test').Count({ value: '3 hang' }))
    expect({ values, code }).toEqual({ values: ['0', '1', '2'], code: STATUS.DEADLINE_EXCEEDED })
    await eventually(() =>
      gateway.log.some(({ grpcStatus, cause }) => grpcStatus === 4 && cause === 'UPSTREAM_TIMEOUT'),
    )
  })
})

describe('a client that cancels', () => {
  it('cancels the call at the service, waiting or streaming', async () => {
    const before = plain.cancelled()
    const arrived = plain.calls.length
    const call = clients.clear.Say({ value: 'hang' }, new Metadata(), {}, () => {})
    await eventually(() => plain.calls.length === arrived + 1)
    call.cancel()
    await eventually(() => plain.cancelled() === before + 1)
    const stream = clients.clear.Count({ value: '1 hang' })
    stream.on('error', () => {})
    stream.once('data', () => stream.cancel())
    await eventually(() => plain.cancelled() === before + 2)
  })
})

describe('what the gateway refuses', () => {
  it('is a status: no route, no target, too many calls', async () => {
    expect((await say(asHost('gone.test'), 'x')).error).toMatchObject({
      code: STATUS.UNAVAILABLE,
      details: 'The service cannot be reached',
    })
    const join = (echo: Echo) =>
      new Promise<ServiceError | null>((resolve) => {
        echo.Join((error) => resolve(error)).end()
      })
    const guarded = asHost('guarded.test')
    expect(await join(guarded)).toBeNull()
    const refused = await join(guarded)
    expect(refused).toMatchObject({ code: STATUS.RESOURCE_EXHAUSTED })
    expect(refused!.metadata.get('x-gateway-error')).toEqual(['RATE_LIMITED'])
    expect(refused!.metadata.get('x-request-id')[0]).toMatch(/^[0-9a-f]{32}$/)
  })

  it('is in the metrics and the log by its status', async () => {
    await say(asHost('gone.test'), 'x')
    const metrics = await gateway.metrics()
    expect(metrics).toMatch(/rpc_grpc_status_code="14"[^\n]*error_type="UPSTREAM_UNREACHABLE"/)
    expect(metrics).toMatch(/rpc_grpc_status_code="0"/)
    expect(gateway.log).toContainEqual(
      expect.objectContaining({ grpcStatus: 14, cause: 'UPSTREAM_UNREACHABLE' }),
    )
  })
})
