// TLS in front of HTTP, alone: what depends on the time of day.
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { TlsFront } from '../../../src/edge/tls-front.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { issueCertificate } from '../upstream/certificates.ts'

const DAY_MS = 86_400_000
const own = issueCertificate(['gw.test'], 30)
const client = issueCertificate(['orders.internal'], 2)

async function start() {
  const clock = new FakeClock()
  clock.stepWallTime(Date.now() - clock.epochMs())
  const front = new TlsFront(
    {
      certificates: [{ cert: Buffer.from(own.cert), key: Buffer.from(own.key) }],
      minVersion: '1.2',
      clientCertificates: { ca: Buffer.from(client.cert), required: true },
    },
    {
      listener: 'secure',
      clock,
      protocols: ['http/1.1'],
      handshakeTimeoutMs: 10_000,
      onSecure: (socket) => void socket.on('error', () => {}).end('in'),
    },
  )
  const server = createServer((socket) => front.accept(socket)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  return { clock, connect: (options: object) => connect({ port, rejectUnauthorized: false, ...options }) }
}

async function outcomeOf(socket: TLSSocket): Promise<{ text: string; session: Buffer | undefined }> {
  let text = ''
  let session: Buffer | undefined
  socket.on('session', (given: Buffer) => {
    session = given
  })
  socket
    .on('error', () => {})
    .on('data', (chunk) => {
      text += chunk
    })
  await new Promise((resolve) => socket.on('close', resolve))
  return { text, session }
}

describe.each(['TLSv1.2', 'TLSv1.3'] as const)('a session of %s', (maxVersion) => {
  it('is as long a way in as the certificate that it was begun with is valid', async () => {
    const { clock, connect } = await start()
    const { text, session } = await outcomeOf(connect({ maxVersion, ...client }))
    expect(text).toBe('in')
    clock.stepWallTime(DAY_MS)
    expect((await outcomeOf(connect({ maxVersion, session }))).text).toBe('in')
    clock.stepWallTime(2 * DAY_MS)
    expect((await outcomeOf(connect({ maxVersion, session }))).text).toBe('')
  })
})
