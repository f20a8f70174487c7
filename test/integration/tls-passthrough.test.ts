// TLS that the gateway does not open: routed by the name in the hello, ended by the target alone.
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect as connectTls, createServer, type TLSSocket } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { connectTo, received, startTcpTarget } from '../support/tcp-target.ts'
import { hello, helloMessage, inRecords, named } from '../unit/tcp/hellos.ts'
import { issueCertificate } from '../unit/upstream/certificates.ts'

let gateway: TestGateway
let url: string
let targets: Record<'db' | 'app', string>

beforeEach(async () => {
  targets = { db: await startTls('db.example.com'), app: await startTls('*.apps.example.com') }
})

afterEach(() => gateway.stop())

async function start(hosts: string, listener = ''): Promise<void> {
  gateway = await startTestGateway(`
listeners:
  secure:
    address: 127.0.0.1:0
    protocol: tlsPassthrough
    hosts: ${hosts}
${listener}
services:
  db: { targets: ["${targets.db}"] }
  app: { targets: ["${targets.app}"] }
drain: { delay: 0s, timeout: 100ms }
`)
  url = gateway.gateway.addresses.listeners['secure']!
}

const HOSTS = '{ db.example.com: db, "*.apps.example.com": app }'

/** Says over TLS which names its certificate is for, and echoes. */
async function startTls(name: string): Promise<string> {
  const { cert, key } = issueCertificate([name])
  const server = createServer({ cert, key }, (socket) => {
    socket.on('error', () => {})
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A handshake that is done, or the code of the error that ended it. */
async function handshake(servername?: string, versions: object = {}): Promise<TLSSocket | string> {
  const port = Number(new URL(url).port)
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    servername: servername ?? '',
    rejectUnauthorized: false,
    ...versions,
  })
  // Later than the handshake: the gateway cuts what is left when it stops.
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  return once(socket, 'secureConnect').then(
    () => socket,
    ({ code }: NodeJS.ErrnoException) => code ?? 'unknown',
  )
}

const namesOf = (outcome: TLSSocket | string) =>
  typeof outcome === 'string' ? outcome : outcome.getPeerCertificate().subjectaltname

const causes = () => gateway.log.filter(({ msg }) => msg === 'connection').map(({ cause }) => cause)

describe('a name', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'leads to its service, whose certificate the client sees: %s',
    async (version) => {
      await start(HOSTS)
      const versions = { minVersion: version, maxVersion: version }
      expect(namesOf(await handshake('db.example.com', versions))).toBe('DNS:db.example.com')
      expect(namesOf(await handshake('a.apps.example.com', versions))).toBe('DNS:*.apps.example.com')
    },
  )

  it('leads there for all that follows, in both directions', async () => {
    await start(HOSTS)
    const socket = (await handshake('db.example.com')) as TLSSocket
    const sent = 'x'.repeat(500_000)
    socket.end(sent)
    let text = ''
    for await (const chunk of socket) text += chunk
    expect(text === sent).toBe(true)
    await expect
      .poll(() => gateway.log.find(({ msg }) => msg === 'connection'))
      .toMatchObject({
        listener: 'secure',
        serverName: 'db.example.com',
        service: 'db',
        target: targets.db,
      })
  })

  it('that is not known gets the alert unrecognized_name, and so does none', async () => {
    await start(HOSTS)
    expect(await handshake('other.example.com')).toBe('ERR_SSL_TLSV1_UNRECOGNIZED_NAME')
    expect(await handshake()).toBe('ERR_SSL_TLSV1_UNRECOGNIZED_NAME')
    await expect.poll(causes).toEqual(['NAME_UNKNOWN', 'NAME_UNKNOWN'])
  })

  it('that is not known leads to *, and so does none', async () => {
    await start('{ db.example.com: db, "*": app }')
    expect(namesOf(await handshake('other.example.com'))).toBe('DNS:*.apps.example.com')
    expect(namesOf(await handshake())).toBe('DNS:*.apps.example.com')
  })
})

describe('a hello', () => {
  const seen = async (bytes: Buffer, step = bytes.length) => {
    const got: Buffer[] = []
    const target = await startTcpTarget(
      (socket) => void socket.on('data', (chunk: Buffer) => got.push(chunk)),
    )
    targets.db = target.url
    await start(HOSTS)
    const client = await connectTo(url)
    for (let at = 0; at < bytes.length; at += step) {
      client.write(bytes.subarray(at, at + step))
      await new Promise(setImmediate)
    }
    await expect.poll(() => Buffer.concat(got).length).toBe(bytes.length)
    return Buffer.concat(got)
  }

  it('in many segments and records reaches the target as it was sent', async () => {
    const bytes = inRecords(helloMessage(), 20)
    expect(await seen(bytes, 9)).toEqual(bytes)
  })

  it('with early data behind it reaches the target with that', async () => {
    const bytes = Buffer.concat([hello(), Buffer.from([23, 3, 3, 0, 2, 1, 2])])
    expect(await seen(bytes)).toEqual(bytes)
  })

  it.each([
    ['is none', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 50],
    ['has a name that is none', hello({ extensions: named('a b') }), 112],
  ])('that %s gets an alert and reaches nobody', async (_what, bytes, alert) => {
    await start(HOSTS)
    const client = await connectTo(url)
    client.write(bytes)
    const { text, error } = await received(client)
    expect([Buffer.from(text, 'latin1').toString('hex'), error]).toEqual([
      `150303000202${alert.toString(16).padStart(2, '0')}`,
      undefined,
    ])
    await expect.poll(causes).toEqual(['HELLO_INVALID'])
  })

  it('that does not come is not waited for', async () => {
    await start(HOSTS, '    timeouts: { hello: 50ms }')
    const client = await connectTo(url)
    client.write(hello().subarray(0, 30))
    expect((await received(client)).error).toBe('ECONNRESET')
    await expect.poll(causes).toEqual(['HELLO_TIMEOUT'])
  })

  it('of a client that goes away costs no target a connection', async () => {
    await start(HOSTS)
    const client = await connectTo(url)
    client.end(hello().subarray(0, 30))
    await received(client)
    await expect.poll(causes).toEqual(['CLIENT_CLOSED'])
  })
})
