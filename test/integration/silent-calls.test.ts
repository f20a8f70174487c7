// Whoever says that it is a call of gRPC may be silent only where gRPC is spoken, and not for ever there either.
import { once } from 'node:events'
import {
  type ClientHttp2Stream,
  connect,
  createServer as createHttp2Server,
  type Http2Server,
  type IncomingHttpHeaders,
} from 'node:http2'
import { createServer as createHttpsServer, type Server } from 'node:https'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { send } from '../support/http-client.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'
import { issueCertificate } from '../unit/upstream/certificates.ts'

let http1: TargetServer
let https: Server
let grpc: Http2Server
let gateway: TestGateway

/** `/answered` is answered at once and without an end, everything else never. */
function startGrpc(): Http2Server {
  const server = createHttp2Server()
  server.on('stream', (stream, head) => {
    stream.on('error', () => {})
    if (head[':path'] === '/answered') stream.respond({ 'content-type': 'application/grpc' })
  })
  return server.listen(0, '127.0.0.1')
}

const portOf = (server: Server | Http2Server) => (server.address() as AddressInfo).port

beforeAll(async () => {
  const { cert, key } = issueCertificate(['127.0.0.1'])
  http1 = await startTarget()
  https = createHttpsServer({ cert, key }, (request, response) => {
    request.resume().on('end', () => response.end())
  }).listen(0, '127.0.0.1')
  grpc = startGrpc()
  await Promise.all([once(https, 'listening'), once(grpc, 'listening')])
  gateway = await startTestGateway(
    `
accessLog: false
limits: { bodyRate: 1KB, bodyGrace: 1s, callSilence: 4s }
listeners: { h2: { protocol: h2c, address: "127.0.0.1:0" } }
services:
  http: { host: http.test, targets: ["${http1.url}"], routes: { all: /* } }
  https:
    host: https.test
    targets: ["https://127.0.0.1:${portOf(https)}"]
    tls: { ca: cert.pem }
    routes: { all: /* }
  fresh:
    host: fresh.test
    targets: ["https://127.0.0.1:${portOf(https)}"]
    tls: { ca: cert.pem }
    routes: { all: /* }
  grpc:
    host: grpc.test
    targets: ["h2c://127.0.0.1:${portOf(grpc)}"]
    routes:
      patient: { match: /patient, timeout: { attempt: 1h } }
      all: /*
`,
    { files: { 'cert.pem': cert } },
  )
})

afterAll(async () => {
  for (const { stream } of open.splice(0)) stream.session?.destroy()
  await gateway.stop()
  grpc.close()
  https.close()
  await http1.close()
})

interface Opened {
  readonly stream: ClientHttp2Stream
  readonly head: IncomingHttpHeaders
}

const open: Opened[] = []
/** Names of those that are over, in their order. */
const over: string[] = []

/** The head of a request on a connection of its own, and nothing behind it. */
function begin(host: string, path: string, fields: Readonly<Record<string, string>>): Opened {
  const session = connect(gateway.gateway.addresses.listeners['h2']!)
  const stream = session.request(
    { ':method': 'POST', ':path': path, ':authority': host, ...fields },
    { endStream: false },
  )
  const opened = { stream, head: {} }
  stream.on('error', () => {})
  stream.on('response', (head) => Object.assign(opened.head, head))
  stream.on('close', () => over.push(path))
  stream.resume()
  open.push(opened)
  return opened
}

const CALL = { 'content-type': 'application/grpc', te: 'trailers', 'grpc-timeout': '24H' }
const beginCall = (host: string, path: string) => begin(host, path, CALL)

describe('a silent request that says it is a call of gRPC', () => {
  it.each(['http.test', 'https.test'])('is given up where HTTP/1.1 is spoken: %s', async (host) => {
    // The target has been asked before: what it speaks is known.
    expect((await send(`${gateway.url}/x`, { headers: { host } })).status).toBe(200)
    const { stream, head } = beginCall(host, '/x')
    await expect.poll(() => stream.closed).toBe(true)
    expect(head).toMatchObject({ ':status': 200, 'grpc-status': '4', 'x-gateway-error': 'REQUEST_TIMEOUT' })
    expect(head['grpc-message']).toBe('The body came too slowly.')
    await expect.poll(() => gateway.metrics()).toContain('gateway_requests_in_flight 0')
  })

  it('is given up where its own handshake finds that HTTP/1.1 is spoken', async () => {
    const { stream, head } = beginCall('fresh.test', '/x')
    await expect.poll(() => stream.closed).toBe(true)
    expect(head['grpc-message']).toBe('The body came too slowly.')
  })

  it('is given up over HTTP/1.1, whatever the service speaks', async () => {
    const socket = connectTcp(gateway.port, '127.0.0.1')
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    const fields = Object.entries({ host: 'grpc.test', ...CALL, 'transfer-encoding': 'chunked' })
    socket.write(`POST /x HTTP/1.1\r\n${fields.map((field) => field.join(': ')).join('\r\n')}\r\n\r\n`)
    await once(socket, 'close')
    expect(answer).toContain('REQUEST_TIMEOUT')
  })
})

describe('a silent call of gRPC to a service that speaks HTTP/2', () => {
  it('outlives what is no call, and ends when it has been silent for too long', async () => {
    begin('grpc.test', '/ordinary', {})
    const { head } = beginCall('grpc.test', '/silent')
    await expect.poll(() => over).toEqual(expect.arrayContaining(['/ordinary', '/silent']))
    expect(over.indexOf('/ordinary')).toBeLessThan(over.indexOf('/silent'))
    expect(head).toMatchObject({ 'grpc-status': '4', 'x-gateway-error': 'REQUEST_TIMEOUT' })
    expect(head['grpc-message']).toBe('Nothing came of the call for too long.')
  })

  it('goes on while a byte comes now and then, once it is answered, and where its route says so', async () => {
    const slow = beginCall('grpc.test', '/slow')
    const others = [beginCall('grpc.test', '/answered'), beginCall('grpc.test', '/patient')]
    const writing = setInterval(() => slow.stream.write('x'), 300)
    await expect.poll(() => others[0]!.head[':status']).toBe(200)
    const silent = beginCall('grpc.test', '/silent-too')
    await expect.poll(() => silent.stream.closed).toBe(true)
    clearInterval(writing)
    expect([slow, ...others].map(({ stream }) => stream.closed)).toEqual([false, false, false])
  })
})
