// A gateway between real clients and real services of gRPC: in clear text on both sides, or in TLS on both.
import {
  type CallOptions,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientUnaryCall,
  type ClientWritableStream,
  credentials,
  Metadata,
  ServerCredentials,
  type ServiceError,
} from '@grpc/grpc-js'
import { issueCertificate } from '../unit/upstream/certificates.ts'
import { EchoClient, type EchoServer, startEchoServer, type Text } from './echo-service.ts'
import { startTestGateway, type TestGateway } from './gateway.ts'

export const TRANSPORTS = ['clear', 'tls'] as const
export type Transport = (typeof TRANSPORTS)[number]

type Done = (error: ServiceError | null, text?: Text) => void

export interface Echo {
  Say(text: Text, metadata: Metadata, options: CallOptions, done: Done): ClientUnaryCall
  Count(text: Text, options?: CallOptions): ClientReadableStream<Text>
  Join(done: Done): ClientWritableStream<Text>
  Chat(options?: CallOptions): ClientDuplexStream<Text, Text>
  close(): void
}

export interface GrpcRig {
  readonly gateway: TestGateway
  readonly services: Readonly<Record<Transport, EchoServer>>
  /** A client whose calls go to the service of this name in the config. */
  client(over: Transport, service: string): Echo
  inFlight(): Promise<string | undefined>
  stop(): Promise<void>
}

const UNLIMITED = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 }

/** `services`: what each says beside its host and its targets; `{target}` is one of the same transport. */
export async function startGrpcRig(services: Readonly<Record<string, string>>, root = ''): Promise<GrpcRig> {
  const names = TRANSPORTS.flatMap((over) => [...Object.keys(services), 'nowhere'].map(hostOf(over)))
  const { cert, key } = issueCertificate(['127.0.0.1', ...names])
  const pair = { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) }
  const echoes = {
    clear: await startEchoServer(),
    tls: await startEchoServer(ServerCredentials.createSsl(null, [pair])),
  }
  const targets = {
    clear: `h2c://127.0.0.1:${echoes.clear.port}`,
    tls: `https://127.0.0.1:${echoes.tls.port}`,
  }
  const blocks = TRANSPORTS.flatMap((over) =>
    Object.entries(services).map(([name, text]) => serviceBlock(over, name, text, targets[over])),
  )
  const gateway = await startTestGateway(
    `${root}
listeners:
  clear: { protocol: h2c, address: "127.0.0.1:0" }
  tls: { address: "127.0.0.1:0", tls: { certificates: [{ cert: cert.pem, key: key.pem }] } }
services:
${blocks.join('')}`,
    { files: { 'cert.pem': cert, 'key.pem': key } },
  )
  const clients: Echo[] = []
  return {
    gateway,
    services: echoes,
    client(over, service) {
      const { host } = new URL(gateway.gateway.addresses.listeners[over]!.replace(/^\w+/, 'http'))
      const channel =
        over === 'clear' ? credentials.createInsecure() : credentials.createSsl(Buffer.from(cert))
      const name = hostOf(over)(service)
      const naming = { 'grpc.default_authority': name, 'grpc.ssl_target_name_override': name }
      const made = new EchoClient(host, channel, { ...UNLIMITED, ...naming }) as unknown as Echo
      clients.push(made)
      return made
    },
    inFlight: async () => /gateway_requests_in_flight (\d+)/.exec(await gateway.metrics())?.[1],
    async stop() {
      for (const client of clients) client.close()
      await gateway.stop()
      for (const echo of Object.values(echoes)) echo.close()
    },
  }
}

const hostOf = (over: Transport) => (service: string) => `${service}.${over}.test`

function serviceBlock(over: Transport, name: string, text: string, target: string): string {
  const trust = over === 'tls' && text.includes('{target}') ? '    tls: { ca: cert.pem }\n' : ''
  const lines = text.replaceAll('{target}', target).trim().split('\n')
  const body = lines.map((line) => `    ${line}\n`).join('')
  return `  ${name}-${over}:\n    host: ${hostOf(over)(name)}\n${trust}${body}`
}

export interface Said {
  readonly value: string | undefined
  readonly error: ServiceError | null
  readonly head: Metadata | undefined
  readonly end: { readonly code: number; readonly metadata: Metadata }
}

export function say(
  echo: Echo,
  value: string,
  metadata = new Metadata(),
  options: CallOptions = {},
): Promise<Said> {
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

export interface Ended {
  /** What came before it was over. */
  readonly values: readonly string[]
  readonly code: number
  readonly details: string
  readonly metadata: Metadata
}

/** Of a call whose answers are read to their end. */
export function readAll(stream: ClientReadableStream<Text> | ClientDuplexStream<Text, Text>): Promise<Ended> {
  const values: string[] = []
  stream.on('data', ({ value }: Text) => values.push(value))
  stream.on('error', () => {})
  return new Promise((resolve) =>
    stream.on('status', ({ code, details, metadata }) => resolve({ values, code, details, metadata })),
  )
}

/** Resolves when it holds; looks again and again. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5))
}
