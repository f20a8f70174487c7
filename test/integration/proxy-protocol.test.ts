// Listeners behind a balancer that says who the client is in a PROXY header, in clear text and before TLS.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { encodeProxyHeader } from '../../src/proxy-protocol.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'
import { issueCertificate } from '../unit/upstream/certificates.ts'

const CLIENT = {
  sourceAddress: '203.0.113.7',
  sourcePort: 5000,
  destinationAddress: '192.0.2.1',
  destinationPort: 443,
}
const CLIENT_V6 = { ...CLIENT, sourceAddress: '2001:db8::7', destinationAddress: '2001:db8::1' }
const REQUEST = 'GET /x HTTP/1.1\r\nHost: gw.test\r\nX-Forwarded-For: 6.6.6.6\r\nConnection: close\r\n\r\n'

const { cert, key } = issueCertificate(['gw.test'])
const files = { 'cert.pem': cert, 'key.pem': key }

let target: TargetServer
let gateway: TestGateway
let distrustful: TestGateway
const sockets: Socket[] = []

const config = (trusted: string) => `
trustProxy: [${trusted}]
listeners:
  clear: { address: "127.0.0.1:0", proxyProtocol: true }
  either: { address: "127.0.0.1:0", proxyProtocol: true, protocol: h2c }
  secure:
    address: "127.0.0.1:0"
    proxyProtocol: true
    tls: { certificates: { cert: cert.pem, key: key.pem } }
services:
  api: { targets: ["${target.url}"], routes: { all: /* } }
`

beforeAll(async () => {
  target = await startTarget()
  gateway = await startTestGateway(config('127.0.0.1'), { files })
  distrustful = await startTestGateway(config('10.0.0.0/8'), { files })
})

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  target.seen.length = 0
})

afterAll(async () => {
  await gateway.stop()
  await distrustful.stop()
  await target.close()
})

async function dial(name: string, to: TestGateway = gateway): Promise<Socket> {
  const socket = connect(Number(new URL(to.gateway.addresses.listeners[name]!).port), '127.0.0.1')
  sockets.push(socket)
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** Everything that comes back until the other side ends. */
async function answer(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  if (!socket.destroyed) await once(socket, 'close')
  return text
}

describe('a PROXY header from a trusted balancer', () => {
  it.each([
    ['v1', 'clear', CLIENT],
    ['v2', 'clear', CLIENT],
    ['v1', 'clear', CLIENT_V6],
    ['v2', 'clear', CLIENT_V6],
    ['v1', 'either', CLIENT],
    ['v2', 'either', CLIENT],
  ] as const)('of %s names the client (%s)', async (version, listener, client) => {
    const socket = await dial(listener)
    socket.write(Buffer.concat([encodeProxyHeader(version, client), Buffer.from(REQUEST)]))
    expect(await answer(socket)).toMatch(/^HTTP\/1\.1 200 /)
    // The client has no proxy of ours behind it: what it says of others is not believed.
    expect(target.seen[0]!.headers['x-forwarded-for']).toBe(client.sourceAddress)
  })

  it.each(['v1', 'v2'] as const)('of %s may come in single bytes', async (version) => {
    const socket = await dial('clear')
    socket.setNoDelay(true)
    for (const byte of Buffer.concat([encodeProxyHeader(version, CLIENT), Buffer.from(REQUEST)])) {
      await new Promise<void>((resolve) => socket.write(Buffer.from([byte]), () => resolve()))
    }
    expect(await answer(socket)).toMatch(/^HTTP\/1\.1 200 /)
    expect(target.seen[0]!.headers['x-forwarded-for']).toBe(CLIENT.sourceAddress)
  })

  it.each([
    ['v1', 'http/1.1'],
    ['v2', 'http/1.1'],
  ] as const)('of %s stands in front of TLS as well', async (version, protocol) => {
    const socket = await dial('secure')
    socket.write(encodeProxyHeader(version, CLIENT))
    const secure = connectTls({
      socket,
      servername: 'gw.test',
      rejectUnauthorized: false,
      ALPNProtocols: [protocol],
    })
    sockets.push(secure)
    await once(secure, 'secureConnect')
    secure.write(REQUEST)
    expect(await answer(secure)).toMatch(/^HTTP\/1\.1 200 /)
    expect(target.seen[0]!.headers).toMatchObject({
      'x-forwarded-for': CLIENT.sourceAddress,
      'x-forwarded-proto': 'https',
    })
  })

  it('that speaks for the balancer itself leaves its own address', async () => {
    const socket = await dial('clear')
    socket.write(Buffer.concat([encodeProxyHeader('v2', undefined), Buffer.from(REQUEST)]))
    expect(await answer(socket)).toMatch(/^HTTP\/1\.1 200 /)
    expect(target.seen[0]!.headers['x-forwarded-for']).toBe('6.6.6.6, 127.0.0.1')
  })
})

describe('anything else is cut off without an answer:', () => {
  it.each([
    ['no header', REQUEST],
    ['a header that is none', `PROXY TCP4 1.2.3.4\r\n${REQUEST}`],
    ['a second header', `PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\nPROXY TCP4 1.1.1.1 5.6.7.8 1 2\r\n${REQUEST}`],
  ])('%s', async (_name, bytes) => {
    const socket = await dial('clear')
    socket.write(bytes)
    expect(await answer(socket)).not.toContain(' 200 ')
    expect(target.seen).toEqual([])
  })

  it('a right header from somebody who is not trusted', async () => {
    const socket = await dial('clear', distrustful)
    socket.write(`PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n${REQUEST}`)
    expect(await answer(socket)).toBe('')
    expect(target.seen).toEqual([])
    await expect
      .poll(() => distrustful.log.filter(({ msg }) => msg === 'a connection was closed'))
      .toMatchObject([
        { level: 'warn', listener: 'clear', reason: 'the peer is not in trustProxy', address: '127.0.0.1' },
      ])
  })

  it('a header that does not come in time', async () => {
    const hasty = await startTestGateway(`limits: { headersTimeout: 100ms }${config('127.0.0.1')}`, { files })
    onTestFinished(() => hasty.stop())
    const socket = await dial('clear', hasty)
    socket.write('PROXY TCP4 203.0.113.7 ')
    expect(await answer(socket)).toBe('')
    expect(target.seen).toEqual([])
  })

  it('of which the log speaks', async () => {
    const socket = await dial('either')
    socket.write(REQUEST)
    await answer(socket)
    const told = { level: 'warn', listener: 'either', reason: 'no valid PROXY header', moreSinceLastLine: 0 }
    await expect.poll(() => gateway.log.find(({ listener }) => listener === 'either')).toMatchObject(told)
  })

  it('a header where none is expected, which is no request', async () => {
    const socket = connect(gateway.port, '127.0.0.1')
    sockets.push(socket)
    socket.write(`PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n${REQUEST}`)
    expect(await answer(socket)).toMatch(/^HTTP\/1\.1 400 /)
    expect(target.seen).toEqual([])
  })
})
