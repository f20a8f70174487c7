// Answers that leave while their client still uploads, and a client that reads only when it has written all of it.
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'
import { issueCertificate } from '../unit/upstream/certificates.ts'

/** The upload takes twice as long as a client that has fallen silent is waited for. */
const PIECES = 250
const PIECE = Buffer.alloc(32 * 1024, 'x')
const PAUSE_MS = 20

let target: TargetServer
let gateway: TestGateway

beforeAll(async () => {
  target = await startTarget()
  const { cert, key } = issueCertificate(['gw.test'])
  gateway = await startTestGateway(
    `
listeners:
  secure: { address: "127.0.0.1:0", tls: { certificates: { cert: cert.pem, key: key.pem } } }
auth: { corp: { type: jwt, issuer: https://id.test, audience: api, secret: "${'s'.repeat(32)}" } }
defaults: { auth: none }
services:
  api:
    targets: ["${target.url}"]
    routes:
      all: /*
      guarded: { match: /guarded, auth: corp }
      bounded: { match: /bounded, bodyLimit: 10KB }
`,
    { files: { 'cert.pem': cert, 'key.pem': key } },
  )
})

afterAll(async () => {
  await gateway.stop()
  await target.close()
})

const OPENERS = {
  'in clear text': () => connectTcp(gateway.port, '127.0.0.1'),
  'over TLS': () => {
    const port = Number(new URL(gateway.gateway.addresses.listeners['secure']!).port)
    return connectTls({ port, host: '127.0.0.1', servername: 'gw.test', rejectUnauthorized: false })
  },
} as const

/** All that came back, or the error that the upload ended with. */
async function upload(socket: Socket, head: string, rest: () => AsyncIterable<Buffer>): Promise<string> {
  let failed: Error | undefined
  socket.pause().on('error', (error) => {
    failed = error
  })
  socket.write(head)
  for await (const piece of rest()) if (!failed) socket.write(piece)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).resume()
  await new Promise<void>((resolve) => (socket.destroyed ? resolve() : socket.on('close', () => resolve())))
  return failed === undefined ? Buffer.concat(chunks).toString('latin1') : `${failed}`
}

async function* slowly(): AsyncIterable<Buffer> {
  for (let at = 0; at < PIECES; at++) {
    yield PIECE
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}

async function* atOnce(): AsyncIterable<Buffer> {
  yield Buffer.alloc(PIECES * PIECE.length)
}

const head = (path: string, framing: string) => `POST ${path} HTTP/1.1\r\nHost: gw.test\r\n${framing}\r\n\r\n`
const SIZED = `Content-Length: ${PIECES * PIECE.length}`

const CASES = [
  ['a refusal for want of a token', head('/guarded', SIZED), 401, 'UNAUTHENTICATED'],
  ['a refusal of the length', head('/bounded', SIZED), 413, 'BODY_TOO_LARGE'],
  ['a refusal of what is no request', 'POST / HTTP/1.1\r\nHost : x\r\n\r\n', 400, 'BAD_REQUEST'],
  [
    'a refusal of what is no body',
    `${head('/', 'Transfer-Encoding: chunked')}zz\r\n`,
    ...([400, 'BAD_REQUEST'] as const),
  ],
] as const

describe.each(Object.keys(OPENERS) as (keyof typeof OPENERS)[])('%s', (how) => {
  describe.each([
    ['goes on slowly', slowly],
    ['comes at once', atOnce],
  ])('while an upload %s', (_how, rest) => {
    it.concurrent.each(CASES)('%s is delivered whole', async (_what, begin, status, code) => {
      const received = await upload(OPENERS[how](), begin, rest)
      expect(received).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
      const [fields, body] = received.split('\r\n\r\n') as [string, string]
      expect(fields).toMatch(/\r\nconnection: close/i)
      expect(JSON.parse(body)).toMatchObject({ status, code })
    })
  })
})
