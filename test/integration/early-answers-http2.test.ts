// Answers over HTTP/2 that leave while their request still uploads: whole, then the word to stop, and nothing is held.
import { createServer, type Http2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { ERROR, FrameClient } from '../support/http2-frame-client.ts'
import { data, FLAG, frame, headers, TYPE } from '../support/http2-frames.ts'
import { startRawTarget, startTarget, type TargetServer } from '../support/target-server.ts'

const FRAME = Buffer.alloc(16_384, 'x')
/** What the gateway lets a stream have on its way (docs/protocols.md), and less than that. */
const UPLOAD_FRAMES = 12
/** All uploads together are more than the window of the connection, several times. */
const UPLOADS = 20
const LARGE = 300_000
/** More than the system and the gateway take for a client that does not read. */
const HUGE = 64_000_000
const SETTINGS_INITIAL_WINDOW_SIZE = 4

let target: TargetServer
let early: Awaited<ReturnType<typeof startRawTarget>>
let huge: Awaited<ReturnType<typeof startRawTarget>> & { waits: boolean }
/** Answers without a body; the end of a 200 comes later than its head. */
let late: Http2Server
let gateway: TestGateway
let client: FrameClient
/** The connection has been broken off. */
let failed: boolean

beforeAll(async () => {
  target = await startTarget((request, response) => response.end(String(request.body.length)))
  early = await startRawTarget((socket) => {
    socket.once('data', () =>
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${LARGE}\r\n\r\n${'a'.repeat(LARGE)}`),
    )
  })
  late = createServer().on('stream', (stream, head) => {
    stream.on('error', () => {})
    stream.respond({ ':status': head[':path'] === '/bodyless' ? 200 : 204 })
    setTimeout(() => stream.end(), 100)
  })
  await new Promise<void>((resolve) => late.listen(0, '127.0.0.1', resolve))
  huge = Object.assign(
    await startRawTarget((socket) => {
      socket.once('data', () => {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${HUGE}\r\n\r\n`)
        socket.write(Buffer.alloc(HUGE))
        huge.waits = true
      })
    }),
    { waits: false },
  )
  gateway = await startTestGateway(`
listeners: { h2: { protocol: h2c, address: "127.0.0.1:0" } }
auth: { corp: { type: jwt, issuer: https://id.test, audience: api, secret: "${'s'.repeat(32)}" } }
defaults: { auth: none }
services:
  api:
    targets: ["${target.url}"]
    routes:
      all: /*
      guarded: { match: /guarded, auth: corp }
      bounded: { match: /bounded, bodyLimit: 20KB }
      whole: { match: /whole, respond: { status: 200, body: "${'a'.repeat(LARGE)}" } }
  early: { targets: ["${early.url}"], routes: { early: /early } }
  huge: { targets: ["${huge.url}"], routes: { huge: /huge } }
  late:
    targets: ["h2c://127.0.0.1:${(late.address() as AddressInfo).port}"]
    routes: { none: /no-content, empty: /bodyless }
`)
})

afterEach(() => client.close())

afterAll(async () => {
  await gateway.stop()
  await target.close()
  await early.close()
  await huge.close()
  late.close()
})

type Options = Parameters<typeof FrameClient.connect>[1]

async function open(options?: Options, at = gateway): Promise<void> {
  const { port } = new URL(at.gateway.addresses.listeners['h2']!)
  failed = false
  client = await FrameClient.connect(Number(port), options)
  client.socket.on('error', () => {
    failed = true
  })
}

const post = (stream: number, path: string) =>
  client.send(headers(stream, [':method', 'POST', ':scheme', 'http', ':path', path, ':authority', 'gw.test']))

/** What may be sent on the connection, as the gateway has said so far. */
function mayBeSent(sent: number): boolean {
  const granted = client.of(TYPE.windowUpdate, 0).map(({ payload }) => payload.readUInt32BE(0))
  return 65_535 + granted.reduce((all, one) => all + one, 0) - sent >= FRAME.length
}

const inFlight = async () => /gateway_requests_in_flight (\d+)/.exec(await gateway.metrics())?.[1]

describe('an answer over HTTP/2 that leaves during the upload', () => {
  it.each([
    ['/guarded', '401'],
    ['/bounded', '413'],
  ])('reaches a client that reads only behind it (%s)', async (path, status) => {
    await open()
    await expect.poll(() => client.of(TYPE.settings).length).toBe(2)
    post(1, path)
    client.send(data(1, FRAME), data(1, FRAME))
    client.socket.pause()
    await expect.poll(() => gateway.log.filter((line) => line['path'] === path).length).toBeGreaterThan(0)
    client.send(data(1, FRAME))
    client.socket.resume()
    await expect.poll(() => client.reset(1)).toBe(ERROR.none)
    expect(`${client.status(1)}`).toBe(status)
    expect(client.ended(1)).toBe(true)
    expect(JSON.parse(client.body(1))).toMatchObject({ status: Number(status) })
    await expect.poll(inFlight).toBe('0')
  })

  it('leaves the connection as it was, also where the client has not heard of it for a while', async () => {
    await open()
    let sent = 0
    for (let at = 0; at < UPLOADS; at++) {
      const stream = 2 * at + 1
      post(stream, '/guarded')
      await expect.poll(() => client.reset(stream)).toBe(ERROR.none)
      for (let part = 0; part < UPLOAD_FRAMES; part++, sent += FRAME.length) {
        await expect.poll(() => mayBeSent(sent)).toBe(true)
        client.send(data(stream, FRAME))
      }
    }
    const last = 2 * UPLOADS + 1
    post(last, '/echo')
    await expect.poll(() => mayBeSent(sent)).toBe(true)
    client.send(data(last, FRAME, FLAG.endStream))
    await expect.poll(() => client.ended(last)).toBe(true)
    expect(client.body(last)).toBe(String(FRAME.length))
    expect(client.goaway).toBeUndefined()
    await expect.poll(inFlight).toBe('0')
  })

  it.each([
    ['of a service, in pieces', '/early'],
    ['of the gateway, at once', '/whole'],
  ])('%s, is not overtaken by the word to stop, however slowly it is read', async (_what, path) => {
    const window = 20_000
    await open({ pairs: [[SETTINGS_INITIAL_WINDOW_SIZE, window]] })
    post(1, path)
    client.send(data(1, FRAME))
    for (let read = window; read < LARGE + window; read += window) {
      await expect.poll(() => client.body(1).length).toBe(Math.min(read, LARGE))
      const more = Buffer.alloc(4)
      more.writeUInt32BE(window)
      client.send(frame(TYPE.windowUpdate, 0, 0, more), frame(TYPE.windowUpdate, 0, 1, more))
    }
    await expect.poll(() => client.reset(1)).toBe(ERROR.none)
    expect(client.ended(1)).toBe(true)
    const types = client.frames.filter(({ stream }) => stream === 1).map(({ type }) => type)
    expect(types.at(-1)).toBe(TYPE.rst)
    expect(client.body(1)).toBe('a'.repeat(LARGE))
  })

  it.each([
    ['a refusal to HEAD', 'HEAD', '/guarded', 401],
    ['a 204', 'POST', '/no-content', 204],
    ['an answer of a service to HEAD', 'HEAD', '/no-content', 204],
    ['an empty one whose end comes later', 'POST', '/bodyless', 200],
  ])('and has no body stops the request as well: %s', async (_what, method, path, status) => {
    await open()
    client.send(headers(1, [':method', method, ':scheme', 'http', ':path', path, ':authority', 'gw.test']))
    client.send(data(1, FRAME))
    await expect.poll(() => client.reset(1)).toBe(ERROR.none)
    expect([client.status(1), client.ended(1), client.body(1).length > 0]).toEqual([status, true, false])
    await expect.poll(inFlight).toBe('0')
  })

  it('is not overtaken by it either where the system takes no more', async () => {
    await open({ pairs: [[SETTINGS_INITIAL_WINDOW_SIZE, 2 ** 30]] })
    const more = Buffer.alloc(4)
    more.writeUInt32BE(2 ** 30)
    client.send(frame(TYPE.windowUpdate, 0, 0, more))
    await expect.poll(() => client.of(TYPE.settings).length).toBe(2)
    client.socket.pause()
    post(1, '/huge')
    client.send(data(1, FRAME))
    await expect.poll(() => huge.waits).toBe(true)
    await new Promise((resolve) => setTimeout(resolve, 300))
    client.socket.resume()
    await expect.poll(() => client.reset(1)).toBe(ERROR.none)
    expect(client.ended(1)).toBe(true)
    expect(client.of(TYPE.data, 1).reduce((all, { payload }) => all + payload.length, 0)).toBe(HUGE)
  })
})

describe('a connection that ends with its only request', () => {
  it('takes no answer along while its client goes on uploading', async () => {
    const strict = await startTestGateway(`
limits: { requestsPerConnection: 1 }
listeners: { h2: { protocol: h2c, address: "127.0.0.1:0" } }
services:
  api: { targets: ["${target.url}"], bodyLimit: 1KB, routes: { all: /* } }
`)
    onTestFinished(() => strict.stop())
    await open({}, strict)
    await expect.poll(() => client.of(TYPE.settings).length).toBe(2)
    client.socket.pause()
    post(1, '/x')
    client.send(data(1, FRAME))
    await expect.poll(() => strict.log.some((line) => line['path'] === '/x')).toBe(true)
    for (let at = 0; at < 10; at++) {
      client.send(frame(TYPE.ping, 0, 0, Buffer.alloc(8)), data(1, Buffer.alloc(1000)))
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    client.socket.resume()
    await expect.poll(() => client.ended(1)).toBe(true)
    expect(client.status(1)).toBe(413)
    expect(JSON.parse(client.body(1))).toMatchObject({ code: 'BODY_TOO_LARGE' })
    expect(client.goaway).toBe(ERROR.none)
    expect(failed).toBe(false)
  })
})
