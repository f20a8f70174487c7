// Clients that ask all at once begin a few at a time; who goes away while it waits for that costs the others nothing.
import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { expect, it, onTestFinished } from 'vitest'
import { startTestGateway } from '../support/gateway.ts'
import { startTarget } from '../support/target-server.ts'
import { issueCertificate } from '../unit/upstream/certificates.ts'

const CLIENTS = 40
const REQUEST = 'GET /x HTTP/1.1\r\nHost: gw.test\r\nConnection: close\r\n\r\n'

/** Asks on a connection that is open, and says what it got: '' where that was nothing. */
type Ask = (socket: Socket) => Promise<string>

const overHttp: Ask = async (socket) => {
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString('latin1')))
  socket.write(REQUEST)
  await once(socket, 'close')
  return text.slice(9, 12)
}

const overTls: Ask = async (raw) => {
  const socket = connectTls({ socket: raw, rejectUnauthorized: false })
  let text = ''
  socket.on('error', () => {}).on('data', (chunk) => (text += chunk.toString('latin1')))
  socket.write(REQUEST)
  await once(socket, 'close')
  return text.slice(9, 12)
}

const overHttp2: Ask = async (socket) => {
  const session = connectHttp2('http://gw.test', { createConnection: () => socket })
  session.on('error', () => {})
  const stream = session.request({ ':path': '/x' })
  let status = ''
  stream.on('error', () => {}).on('response', (headers) => (status = String(headers[':status'])))
  await once(stream.resume(), 'close')
  session.close()
  return status
}

async function start() {
  const target = await startTarget()
  const { cert, key } = issueCertificate(['gw.test'])
  const gateway = await startTestGateway(
    `
listeners:
  secure: { address: "127.0.0.1:0", tls: { certificates: { cert: cert.pem, key: key.pem } } }
  h2c: { address: "127.0.0.1:0", protocol: h2c }
services:
  api: { targets: ["${target.url}"], routes: { all: /* } }
`,
    { files: { 'cert.pem': cert, 'key.pem': key } },
  )
  onTestFinished(async () => {
    await gateway.stop()
    await target.close()
  })
  const { secure, h2c } = gateway.gateway.addresses.listeners
  return { gateway, ports: { http: gateway.url, https: secure!, h2c: h2c! } }
}

it.each([
  ['http', overHttp],
  ['https', overTls],
  ['h2c', overHttp2],
] as const)('%s: those who stay are served', async (kind, ask) => {
  const { gateway, ports } = await start()
  const port = Number(new URL(ports[kind]).port)
  const sockets = Array.from({ length: CLIENTS }, () => connect(port, '127.0.0.1').on('error', () => {}))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
  })
  await expect.poll(gateway.metrics).toContain(`gateway_open_connections ${CLIENTS}`)
  // All of them are ready to be read in the same turn of the event loop, which is that of the gateway too.
  const answers = sockets.map(ask)
  for (let turns = 0; turns < 3; turns++) await new Promise(setImmediate)
  const leave = (at: number) => at % 4 === 1
  for (const [at, socket] of sockets.entries()) if (leave(at)) socket.resetAndDestroy()
  const got = await Promise.all(answers)
  expect(got.filter((_, at) => !leave(at))).toEqual(Array(CLIENTS - CLIENTS / 4).fill('200'))
  expect(got.filter((_, at) => leave(at))).toContain('')
  await expect.poll(gateway.metrics).toContain('gateway_open_connections 0')
  await expect.poll(gateway.metrics).toContain('gateway_requests_in_flight 0')
})
