// What one connection of HTTP/2 may keep in memory: bodies that no service takes, and answers that no client takes.
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { FrameClient } from '../support/http2-frame-client.ts'
import { data, FLAG, type Frame, frame, headers, TYPE } from '../support/http2-frames.ts'
import { startLoad } from '../support/load.ts'
import { type ProcessGateway, startProcessGateway } from '../support/process-gateway.ts'
import { type Answer, respondJson, startTarget, type TargetServer } from '../support/target-server.ts'

const MB = 1024 * 1024
/** `limits.http2.memory`. */
const MEMORY = 16 * MB
const MAX_FRAME = 16_384
const INITIAL_WINDOW = 4
const WHOLE = FLAG.endStream | FLAG.endHeaders

let target: TargetServer
let gateway: ProcessGateway
let client: FrameClient

async function start(answer: Answer, { limits = '', connections = '' } = {}): Promise<void> {
  target = await startTarget(answer)
  gateway = await startProcessGateway(
    `
accessLog: false
drain: { delay: 0s }
limits: { bodyGrace: 1h, requestTimeout: 1h ${limits} }
listeners: { h2: { protocol: h2c, address: "127.0.0.1:0" } }
services:
  api:
    targets: [${target.url}]
    connections: { queue: 1000 ${connections} }
    timeout: { attempt: 1h }
    retry: { methods: [POST] }
    routes: { all: /* }
  other: { host: other.test, targets: [${target.url}], routes: { all: /* } }
`,
    { measured: true },
  )
}

afterEach(async () => {
  client.close()
  gateway.child.kill('SIGKILL')
  await target.close()
})

async function open(pairs: readonly (readonly [number, number])[] = []): Promise<void> {
  const { port } = new URL(gateway.listeners['h2']!)
  client = await FrameClient.connect(Number(port), { pairs })
  await expect.poll(() => client.of(TYPE.settings).length).toBeGreaterThan(1)
}

const request = (stream: number, method: string, path: string, flags: number) =>
  headers(stream, [':method', method, ':scheme', 'http', ':path', path, ':authority', 'gw.test'], flags)

const OTHER = [':method', 'POST', ':scheme', 'http', ':path', '/other', ':authority', 'other.test']

const streamsOf = (count: number) => Array.from({ length: count }, (_, at) => at * 2 + 1)

/** What the gateway's SETTINGS allow one stream to send. */
function windowOf(frames: readonly Frame[]): number {
  const { payload } = frames.find(({ type, flags }) => type === TYPE.settings && flags === 0)!
  for (let at = 0; at < payload.length; at += 6) {
    if (payload.readUInt16BE(at) === INITIAL_WINDOW) return payload.readUInt32BE(at + 2)
  }
  return 65_535
}

/** Resolves when the gateway has read all that was sent. */
async function taken(): Promise<void> {
  const pings = client.of(TYPE.ping).length
  client.send(frame(TYPE.ping, 0, 0, Buffer.alloc(8)))
  await expect.poll(() => client.of(TYPE.ping).length, { interval: 2 }).toBeGreaterThan(pings)
}

async function kept(): Promise<number> {
  const { heapUsed, external } = await gateway.memory()
  return heapUsed + external
}

describe('bodies that wait for a service', () => {
  /** Streams that have begun a body behind one that has the only connection to the target. */
  async function begin(count: number): Promise<readonly number[]> {
    await start(({ url }, response) => void (url === '/other' && response.end()), { connections: ', max: 1' })
    await open()
    const streams = streamsOf(count)
    client.send(request(1, 'GET', '/first', WHOLE))
    await expect.poll(() => target.seen.length).toBe(1)
    client.send(...streams.slice(1).map((stream) => request(stream, 'POST', '/x', FLAG.endHeaders)))
    await taken()
    return streams.slice(1)
  }

  it('of 99 requests are held back before they are more than the memory of a connection', async () => {
    const streams = await begin(99)
    const before = await kept()
    const window = windowOf(client.frames)
    const pieces = Math.floor(window / MAX_FRAME)
    for (let piece = 0; piece < pieces; piece++) {
      client.send(...streams.map((stream) => data(stream, Buffer.alloc(MAX_FRAME))))
      await taken()
    }
    const given = client.frames.filter(({ type, stream }) => type === TYPE.windowUpdate && stream > 0)
    expect(given).toEqual([])
    expect(client.goaway).toBeUndefined()
    expect(streams.length * window).toBeLessThanOrEqual(MEMORY)
    // None of them holds back what another service takes.
    const body = headers(201, OTHER, FLAG.endHeaders)
    client.send(body, ...Array.from({ length: 4 }, () => data(201, Buffer.alloc(MAX_FRAME))))
    client.send(data(201, 'end', FLAG.endStream))
    await expect.poll(() => client.status(201)).toBe(200)
    const growth = (await kept()) - before
    expect(growth).toBeGreaterThan(streams.length * pieces * MAX_FRAME * 0.9)
    expect(growth).toBeLessThan(MEMORY * 1.2)
  })

  it('in frames of one byte cost no more than their bytes', async () => {
    const streams = await begin(5)
    const before = await kept()
    const window = windowOf(client.frames)
    const flood = Buffer.concat(
      Array.from({ length: 1000 }, () => streams.map((stream) => data(stream, 'x'))).flat(),
    )
    for (let sent = 0; sent + 1000 <= window; sent += 1000) {
      client.send(flood)
      await taken()
    }
    expect(client.goaway).toBeUndefined()
    expect((await kept()) - before).toBeLessThan(streams.length * window * 2 + 4 * MB)
  })

  it('keep nothing of what came with them', async () => {
    const [stream] = await begin(2)
    const before = await kept()
    const ignored = Buffer.concat(Array.from({ length: 4 }, () => frame(0xfa, 0, 0, Buffer.alloc(MAX_FRAME))))
    for (let sent = 0; sent < 300; sent++) {
      client.send(data(stream!, 'x'), ignored)
      await taken()
    }
    expect(client.goaway).toBeUndefined()
    expect((await kept()) - before).toBeLessThan(6 * MB)
  })
})

describe('bodies that a service takes, kept for another attempt', () => {
  const LENGTH = 30_000

  async function begin(count: number): Promise<readonly number[]> {
    await start(() => {}, { connections: ', max: 200' })
    await open()
    const streams = streamsOf(count)
    const head = [':method', 'POST', ':scheme', 'http', ':path', '/x', ':authority', 'gw.test']
    const declared = [...head, 'content-length', String(LENGTH)]
    client.send(...streams.map((stream) => headers(stream, declared, FLAG.endHeaders)))
    await taken()
    client.socket.setNoDelay(true)
    return streams
  }

  it('in frames of one byte cost no more than their bytes', async () => {
    const streams = await begin(20)
    const before = await kept()
    const frames = streams.map((stream) =>
      Buffer.concat(Array.from({ length: 1000 }, () => data(stream, 'x'))),
    )
    for (let sent = 1000; sent < LENGTH; sent += 1000) {
      client.send(...frames)
      await taken()
    }
    expect(client.goaway).toBeUndefined()
    expect((await kept()) - before).toBeLessThan(streams.length * LENGTH * 2 + 6 * MB)
  })

  it('keep nothing of what came with them', async () => {
    const streams = await begin(20)
    const before = await kept()
    const ignored = Buffer.concat(Array.from({ length: 3 }, () => frame(0xfa, 0, 0, Buffer.alloc(MAX_FRAME))))
    for (let sent = 0; sent < 300; sent++) {
      client.send(data(streams[sent % streams.length]!, 'x'), ignored)
      await taken()
    }
    expect(client.goaway).toBeUndefined()
    expect((await kept()) - before).toBeLessThan(8 * MB)
  })
})

describe('100 answers of 10 MB that the client opens no window for (H2-21)', () => {
  const BIG = Buffer.alloc(10 * MB)
  const READERS = 100

  const rss = () =>
    Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${gateway.child.pid}/status`, 'utf8'))![1]) * 1024

  it('are each given up, cost a fraction of it, and others are served meanwhile', async () => {
    await start(
      ({ url }, response) => void (url === '/big' ? response.end(BIG) : respondJson(response, 200, {})),
      { limits: ', writeTimeout: 4s', connections: ', max: 200' },
    )
    const load = startLoad(`${gateway.listen}/small`, { clients: 2 })
    await expect.poll(() => load.answered()).toBeGreaterThan(500)
    const before = rss()
    await open([[INITIAL_WINDOW, 0]])
    const streams = streamsOf(READERS)
    client.send(...streams.map((stream) => request(stream, 'GET', '/big', WHOLE)))
    await expect.poll(() => streams.every((stream) => client.of(TYPE.headers, stream).length > 0)).toBe(true)
    const answeredBefore = load.answered()
    let most = 0
    const given = () => streams.filter((stream) => client.reset(stream) !== undefined).length
    await expect
      .poll(() => {
        most = Math.max(most, rss() - before)
        return given()
      })
      .toBe(READERS)
    expect(client.of(TYPE.data)).toEqual([])
    expect(most).toBeLessThan(64 * MB)
    expect(load.answered()).toBeGreaterThan(answeredBefore + 100)
    const { failures, byStatus } = await load.stop()
    expect(failures).toEqual([])
    expect(Object.keys(byStatus)).toEqual(['200'])
  })
})
