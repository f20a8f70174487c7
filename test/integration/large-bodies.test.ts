// Large bodies of many answers at once: each client gets its own bytes, however fast it reads and whoever leaves midway.
import { createHash, type Hash } from 'node:crypto'
import { once } from 'node:events'
import {
  createServer,
  Agent as HttpAgent,
  get as httpGet,
  type IncomingMessage,
  type Server,
} from 'node:http'
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2'
import { Agent as HttpsAgent, get as httpsGet } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Readable } from 'node:stream'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dice } from '../support/dice.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { issueCertificate } from '../unit/upstream/certificates.ts'

const ANSWERS = 60
const BYTES = 1_500_000

const roll = dice(4711)
let service: Server
let gateway: TestGateway
let session: ClientHttp2Session
const agents = [new HttpAgent({ keepAlive: true }), new HttpsAgent({ keepAlive: true })] as const

/** No two have a block of it in common. */
function bodyOf(number: number): Buffer {
  const body = Buffer.alloc(BYTES - number)
  for (let at = 0; at + 8 <= body.length; at += 8) body.writeDoubleLE(number + at / BYTES, at)
  return body
}

beforeAll(async () => {
  // `/7/chunked`, or with a length: the ways on which a body goes out differ.
  service = createServer((request, response) => {
    const [, number, framing] = request.url!.split('/')
    const body = bodyOf(Number(number))
    if (framing !== 'chunked') response.setHeader('content-length', body.length)
    response.end(body)
  }).listen(0, '127.0.0.1')
  await once(service, 'listening')
  const { cert, key } = issueCertificate(['localhost'])
  gateway = await startTestGateway(
    `
listeners:
  clear: { protocol: h2c, address: "127.0.0.1:0" }
  secure: { address: "127.0.0.1:0", tls: { certificates: { cert: cert.pem, key: key.pem } } }
services:
  api: { targets: ["http://127.0.0.1:${(service.address() as AddressInfo).port}"], routes: { all: /* } }
`,
    { files: { 'cert.pem': cert, 'key.pem': key } },
  )
  session = connectHttp2(gateway.gateway.addresses.listeners['clear']!)
})

afterAll(async () => {
  for (const agent of agents) agent.destroy()
  session.destroy()
  await gateway.stop()
  service.closeAllConnections()
  service.close()
})

const ways: Readonly<Record<string, (path: string) => Promise<Readable>>> = {
  'HTTP/1.1': async (path) => {
    const request = httpGet(gateway.url + path, { agent: agents[0] })
    return ((await once(request, 'response')) as [IncomingMessage])[0]
  },
  TLS: async (path) => {
    const url = gateway.gateway.addresses.listeners['secure']! + path
    const request = httpsGet(url, { agent: agents[1], rejectUnauthorized: false })
    return ((await once(request, 'response')) as [IncomingMessage])[0]
  },
  'HTTP/2': async (path) => session.request({ ':path': path }),
}

/** Takes a part now and then, as a client does that has other things to do. */
async function readSlowly(body: Readable, leaveAfter: number): Promise<Hash | undefined> {
  const hash = createHash('sha1')
  let taken = 0
  for await (const chunk of body) {
    hash.update(chunk as Buffer)
    taken += (chunk as Buffer).length
    if (taken > leaveAfter) return undefined
    if (roll() < 0.2) for (let turns = roll() * 20; turns > 0; turns--) await turn()
  }
  return hash
}

describe.each(Object.keys(ways))('to clients over %s', (way) => {
  it.each(['length', 'chunked'])(
    'that come with their %s are each whole and nobody else’s',
    async (framing) => {
      const hashes = await Promise.all(
        Array.from({ length: ANSWERS }, async (_, number) => {
          const leaveAfter = number % 5 === 4 ? roll() * BYTES : Number.POSITIVE_INFINITY
          const hash = await readSlowly(await ways[way]!(`/${number}/${framing}`), leaveAfter)
          return hash?.digest('hex') ?? 'has left'
        }),
      )
      for (const [number, hash] of hashes.entries()) {
        const expected = createHash('sha1').update(bodyOf(number)).digest('hex')
        expect(hash, `answer ${number}`).toBe(number % 5 === 4 ? 'has left' : expected)
      }
    },
  )
})
