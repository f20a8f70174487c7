// A request must be whole within its time, over every version of HTTP; a call of gRPC may last for as long as it likes.
import { once } from 'node:events'
import { type ClientHttp2Session, connect, createServer, type Http2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { send } from '../support/http-client.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'

let target: TargetServer
/** Speaks HTTP/2, takes everything and says nothing. */
let listener: Http2Server
let gateway: TestGateway
let session: ClientHttp2Session
const timers: NodeJS.Timeout[] = []

beforeAll(async () => {
  target = await startTarget()
  listener = createServer().on('stream', (stream) => stream.on('error', () => {}).resume())
  await once(listener.listen(0, '127.0.0.1'), 'listening')
  gateway = await startTestGateway(`
accessLog: false
limits: { requestTimeout: 2s }
listeners: { h2: { protocol: h2c, address: "127.0.0.1:0" } }
services:
  api: { targets: ["${target.url}"], routes: { all: /* } }
  calls:
    targets: ["h2c://127.0.0.1:${(listener.address() as AddressInfo).port}"]
    routes: { calls: POST /calls }
`)
  session = connect(gateway.gateway.addresses.listeners['h2']!)
})

afterEach(() => {
  for (const timer of timers.splice(0)) clearInterval(timer)
})

afterAll(async () => {
  session.destroy()
  await gateway.stop()
  await target.close()
  listener.close()
})

/** An upload over HTTP/2 that keeps up a good pace and has no end. */
function upload(headers: Readonly<Record<string, string>>) {
  const stream = session.request({ ':method': 'POST', ':path': '/x', ...headers })
  const seen = { status: 0, body: '' }
  stream.on('error', () => {})
  stream.on('response', (head) => {
    seen.status = Number(head[':status'])
  })
  stream.on('data', (chunk) => {
    seen.body += chunk
  })
  timers.push(setInterval(() => stream.writable && stream.write(Buffer.alloc(1000)), 10))
  return { stream, seen }
}

describe('an upload over HTTP/2 without an end', () => {
  it('is given up when its time is over, and the service sees no whole request', async () => {
    const { stream, seen } = upload({})
    await expect.poll(() => stream.closed).toBe(true)
    expect(seen.status).toBe(408)
    expect(seen.body).toContain('"code":"REQUEST_TIMEOUT"')
    expect(target.seen).toEqual([])
    expect((await send(`${gateway.url}/x`)).status).toBe(200)
  })

  it('goes on while it is a call of gRPC', async () => {
    const call = upload({ ':path': '/calls', 'content-type': 'application/grpc', te: 'trailers' })
    const ordinary = upload({})
    await expect.poll(() => ordinary.stream.closed).toBe(true)
    expect(call.stream.closed).toBe(false)
    call.stream.close()
  })
})
