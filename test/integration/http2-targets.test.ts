// HTTP/2 from end to end: trailers both ways, and a target that goes away in the middle of its work.
import { once } from 'node:events'
import {
  type ClientHttp2Session,
  connect,
  constants,
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'

let gateway: TestGateway
let client: ClientHttp2Session
let server: Http2Server
let onStream: (stream: ServerHttp2Stream, seen: number) => void
const sessions: ServerHttp2Session[] = []
let seen = 0

beforeAll(async () => {
  server = createServer()
  server.on('session', (session) => void sessions.push(session))
  server.on('stream', (stream: ServerHttp2Stream) => {
    stream.on('error', () => {})
    onStream(stream, ++seen)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  gateway = await startTestGateway(`
listeners: { clear: { protocol: h2c, address: "127.0.0.1:0" } }
services:
  api:
    targets: ["h2c://127.0.0.1:${(server.address() as AddressInfo).port}"]
    retry: { attempts: 3 }
    routes: { all: /* }
`)
  client = connect(gateway.gateway.addresses.listeners['clear']!)
})
afterAll(async () => {
  client.destroy()
  await gateway.stop()
  for (const session of sessions) session.destroy()
  server.close()
})

/** A POST with a body and trailers; its answer. */
async function post(): Promise<{ status: unknown; body: string; trailers: unknown }> {
  const request = client.request(
    { ':method': 'POST', ':path': '/x', ':authority': 'gw.test', trailer: 'x-sum' },
    { waitForTrailers: true },
  )
  request.on('wantTrailers', () => request.sendTrailers({ 'x-sum': '42', 'x-user-id': 'forged' }))
  request.end('body')
  let status: unknown
  let trailers: unknown
  request.on('response', (headers) => {
    status = headers[':status']
  })
  request.on('trailers', (received) => {
    trailers = { ...received }
  })
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return { status, body: Buffer.concat(chunks).toString(), trailers }
}

function answerWithTrailers(stream: ServerHttp2Stream): void {
  let received: unknown
  stream.on('trailers', (trailers) => {
    received = { ...trailers }
  })
  stream.on('end', () => {
    stream.respond({ ':status': 200 }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-back': '1' }))
    stream.end(JSON.stringify(received))
  })
  stream.resume()
}

describe('HTTP/2 on both sides', () => {
  it('carries trailers both ways, but none that a client may not say', async () => {
    onStream = answerWithTrailers
    const { status, body, trailers } = await post()
    expect({ status, trailers }).toMatchObject({ status: 200, trailers: { 'x-back': '1' } })
    expect(JSON.parse(body)).toEqual({ 'x-sum': '42' })
  })

  it('sends a POST again that the target has refused, or that stands above its GOAWAY', async () => {
    const first = seen + 1
    onStream = (stream, number) => {
      if (number === first) stream.close(constants.NGHTTP2_REFUSED_STREAM)
      else if (number === first + 1) stream.session!.goaway(constants.NGHTTP2_NO_ERROR, stream.id! - 2)
      else answerWithTrailers(stream)
    }
    expect(await post()).toMatchObject({ status: 200, body: JSON.stringify({ 'x-sum': '42' }) })
    expect(seen).toBe(first + 2)
  })

  it('sends no POST again that the target may have processed', async () => {
    const first = seen + 1
    onStream = (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR)
    expect(await post()).toMatchObject({ status: 502 })
    expect(seen).toBe(first)
  })
})
