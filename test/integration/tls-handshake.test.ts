// Handshakes of TLS: who is shown which certificate, who is refused, and what a client's certificate says of it.
import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'
import { issueCertificate } from '../unit/upstream/certificates.ts'

const exact = issueCertificate(['api.test'])
const wild = issueCertificate(['*.wild.test', 'api.test'])
const client = issueCertificate(['orders.internal'])
const stranger = issueCertificate(['stranger.internal'])

let target: TargetServer
let gateway: TestGateway
const sockets: Socket[] = []

beforeAll(async () => {
  target = await startTarget()
  gateway = await startTestGateway(
    `
limits: { headersTimeout: 2s }
listeners:
  names:
    address: "127.0.0.1:0"
    tls: { certificates: [{ cert: exact.pem, key: exact-key.pem }, { cert: wild.pem, key: wild-key.pem }] }
  modern:
    address: "127.0.0.1:0"
    http2: false
    tls: { minVersion: "1.3", certificates: { cert: exact.pem, key: exact-key.pem } }
  required:
    address: "127.0.0.1:0"
    tls: { certificates: { cert: exact.pem, key: exact-key.pem }, clientCertificates: { ca: client.pem } }
  optional:
    address: "127.0.0.1:0"
    tls:
      certificates: { cert: exact.pem, key: exact-key.pem }
      clientCertificates: { ca: client.pem, required: false }
auth: { mtls: { type: clientCertificate, consumer: dns } }
services:
  api:
    targets: ["${target.url}"]
    routes: { all: { match: /*, auth: none }, private: { match: /private, auth: mtls } }
`,
    {
      files: {
        'exact.pem': exact.cert,
        'exact-key.pem': exact.key,
        'wild.pem': wild.cert,
        'wild-key.pem': wild.key,
        'client.pem': client.cert,
      },
    },
  )
})

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  expect((await gateway.get('/alive')).status).toBe(200)
  target.seen.length = 0
})

afterAll(async () => {
  await gateway.stop()
  await target.close()
})

type Listener = 'names' | 'modern' | 'required' | 'optional'

const portOf = (name: Listener) => Number(new URL(gateway.gateway.addresses.listeners[name]!).port)

async function dial(name: Listener, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port: portOf(name), host: '127.0.0.1', rejectUnauthorized: false, ...options })
  sockets.push(socket)
  socket.on('error', () => {})
  await once(socket, 'secureConnect')
  return socket
}

/** What comes back for a request, '' when the connection is closed instead. */
async function answerOn(socket: TLSSocket, host = 'api.test', fields = '', path = '/x'): Promise<string> {
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n${fields}\r\n`)
  // Not `once`, which an alert of the other side would reject.
  if (!socket.destroyed) await new Promise((resolve) => socket.on('close', resolve))
  return text
}

const fingerprintOf = (pem: string) => new X509Certificate(pem).fingerprint256

describe('the certificate', () => {
  it.each([
    ['api.test', exact],
    ['API.test', exact],
    ['a.wild.test', wild],
    ['a.b.wild.test', exact],
    ['wild.test', exact],
    ['unknown.test', exact],
    [undefined, exact],
  ])('for %s is the one of that name, else the first', async (servername, expected) => {
    const socket = await dial('names', servername === undefined ? {} : { servername })
    expect(socket.getPeerCertificate().fingerprint256).toBe(fingerprintOf(expected.cert))
  })

  it.each(['a'.repeat(250), '..', '*.wild.test', '-', 'a_b.test', '__proto__', 'xn--', '.wild.test'])(
    'for a name as odd as %j is one at least, or the handshake fails',
    async (servername) => {
      const attempt = dial('names', { servername }).then(
        (socket) => socket.getPeerCertificate().fingerprint256,
        () => 'failed',
      )
      expect([fingerprintOf(exact.cert), fingerprintOf(wild.cert), 'failed']).toContain(await attempt)
    },
  )
})

describe('a handshake', () => {
  it.each(['TLSv1.2', 'TLSv1.3'] as const)('may be %s', async (version) => {
    const socket = await dial('names', { minVersion: version, maxVersion: version })
    expect(socket.getProtocol()).toBe(version)
  })

  it.each([
    ['names', 'TLSv1.1'],
    ['modern', 'TLSv1.2'],
  ] as const)('to "%s" is refused with %s', async (name, version) => {
    const old = { minVersion: 'TLSv1' as const, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' }
    await expect(dial(name, old)).rejects.toThrow(/version|protocol/i)
  })

  it.each([
    ['names', ['h2', 'http/1.1'], 'h2'],
    ['names', ['http/1.1'], 'http/1.1'],
    ['names', [], false],
    ['modern', ['h2', 'http/1.1'], 'http/1.1'],
  ] as const)('to "%s" that offers %j agrees on %s', async (name, protocols, expected) => {
    const socket = await dial(name, { ALPNProtocols: [...protocols] })
    expect(socket.alpnProtocol).toBe(expected)
  })

  it.each([['ftp'], ['h2c'], ['acme-tls/1']])('that offers %s alone is refused', async (protocol) => {
    await expect(dial('names', { ALPNProtocols: [protocol] })).rejects.toThrow(/no application protocol/)
  })

  it('that never goes on is closed', async () => {
    const socket = connectTcp(portOf('names'), '127.0.0.1')
    sockets.push(socket)
    socket.write(Buffer.from([0x16, 3, 1]))
    await once(socket, 'close')
  })

  it('that is none is closed', async () => {
    const socket = connectTcp(portOf('names'), '127.0.0.1')
    sockets.push(socket)
    socket.write('GET / HTTP/1.1\r\nHost: api.test\r\n\r\n')
    socket.resume()
    await once(socket, 'close')
    expect(target.seen).toEqual([])
  })

  it('cannot be begun anew on an open connection', async () => {
    const socket = await dial('names', { maxVersion: 'TLSv1.2' })
    const outcome = await new Promise((resolve) => {
      socket.on('close', () => resolve('closed'))
      socket.resume().renegotiate({}, (error) => resolve(error ? 'refused' : 'renegotiated'))
    })
    expect(outcome).not.toBe('renegotiated')
  })
})

describe('the name of a connection', () => {
  it('is the host of its requests, or they are misdirected', async () => {
    expect(await answerOn(await dial('names', { servername: 'api.test' }))).toMatch(/^HTTP\/1\.1 200 /)
    const other = await dial('names', { servername: 'api.test' })
    expect(await answerOn(other, 'admin.test')).toMatch(/^HTTP\/1\.1 421 /)
    expect(target.seen).toHaveLength(1)
  })

  it('is nobody who names none', async () => {
    expect(await answerOn(await dial('names'), 'anything.test')).toMatch(/^HTTP\/1\.1 200 /)
  })
})

describe('a certificate of the client', () => {
  const CERT = 'x-turnpike-client-cert'
  const own = { cert: client.cert, key: client.key }

  it('is needed where it is required, and tells the service who asks', async () => {
    const socket = await dial('required', own)
    expect(await answerOn(socket, 'api.test', 'X-Turnpike-Client-Cert: Hash=evil\r\n')).toMatch(/ 200 /)
    const hash = createHash('sha256').update(new X509Certificate(client.cert).raw).digest('hex')
    const seen = target.seen[0]!.rawHeaders
    expect(seen.filter((name) => name.toLowerCase() === CERT)).toHaveLength(1)
    expect(target.seen[0]!.headers[CERT]).toBe(`Hash=${hash};Subject="CN=test";DNS="orders.internal"`)
  })

  it.each([
    ['none', {}],
    ['one that nobody trusted has issued', { cert: stranger.cert, key: stranger.key }],
  ])('that is required: with %s there is no way in', async (_name, options) => {
    const answer = await dial('required', options).then(
      (socket) => answerOn(socket),
      () => '',
    )
    expect(answer).toBe('')
    expect(target.seen).toEqual([])
  })

  it('that is optional may be left out, and no header can stand in for it', async () => {
    const socket = await dial('optional')
    expect(await answerOn(socket, 'api.test', 'X-Turnpike-Client-Cert: Hash=evil\r\n')).toMatch(/ 200 /)
    expect(target.seen[0]!.headers).not.toHaveProperty(CERT)
  })

  it('may be who is let in: nobody else is', async () => {
    expect(await answerOn(await dial('optional'), 'api.test', '', '/private')).toMatch(/^HTTP\/1\.1 401 /)
    expect(await answerOn(await dial('optional', own), 'api.test', '', '/private')).toMatch(/ 200 /)
    expect(target.seen.map(({ headers }) => headers['x-consumer-id'])).toEqual(['orders.internal'])
  })

  it('that is optional counts when it is shown', async () => {
    expect(await answerOn(await dial('optional', own))).toMatch(/ 200 /)
    expect(target.seen[0]!.headers[CERT]).toContain('DNS="orders.internal"')
  })

  it('that is optional, and of an issuer whom nobody trusts, is no way in', async () => {
    const answer = await dial('optional', { cert: stranger.cert, key: stranger.key }).then(
      (socket) => answerOn(socket),
      () => '',
    )
    expect(answer).toBe('')
    expect(target.seen).toEqual([])
  })
})
