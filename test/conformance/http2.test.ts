// HTTP/2 in raw frames (RFC 9113): what a client must not do is refused, and the gateway lives on.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { send } from '../support/http-client.ts'
import { ERROR, FrameClient } from '../support/http2-frame-client.ts'
import { FLAG, frame, headerBlock, rst, TYPE } from '../support/http2-frames.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'

const WHOLE = FLAG.endStream | FLAG.endHeaders
const MAX_FRAME = 16_384

let target: TargetServer
let gateway: TestGateway
let port: number
const clients: FrameClient[] = []

beforeAll(async () => {
  target = await startTarget()
  gateway = await startTestGateway(`
accessLog: false
listeners: { h2: { protocol: h2c, address: "127.0.0.1:0" } }
services:
  api: { targets: ["${target.url}"], routes: { all: /* } }
`)
  port = Number(new URL(gateway.gateway.addresses.listeners['h2']!).port)
})

afterEach(async () => {
  for (const client of clients.splice(0)) client.close()
  // Alive: both for those who speak HTTP/2 and for the others, and nothing of an attack is left in flight.
  const alive = await start()
  alive.send(request(1))
  await expect.poll(() => alive.status(1), SOON).toBe(200)
  expect((await send(`${gateway.url}/alive`)).status).toBe(200)
  await expect.poll(() => gateway.metrics(), SOON).toContain('gateway_requests_in_flight 0')
  target.seen.length = 0
})

afterAll(async () => {
  await gateway.stop()
  await target.close()
})

const SOON = { timeout: 20_000 }

async function start(options?: Parameters<typeof FrameClient.connect>[1]): Promise<FrameClient> {
  const client = await FrameClient.connect(port, options)
  clients.push(client)
  return client
}

type Field = readonly [name: string, value: string]

const HEAD: readonly Field[] = [
  [':method', 'GET'],
  [':scheme', 'http'],
  [':path', '/x'],
  [':authority', 'gw.test'],
]

/** The usual head with some of its fields said otherwise. */
const headWith = (...changed: readonly Field[]): readonly Field[] => [
  ...HEAD.map((field) => changed.find(([name]) => name === field[0]) ?? field),
  ...changed.filter(([name]) => !HEAD.some(([known]) => known === name)),
]

const blockOf = (fields: readonly Field[]) => headerBlock(fields.flat())

const request = (stream: number, fields = HEAD, flags: number = WHOLE) =>
  frame(TYPE.headers, flags, stream, blockOf(fields))

/** What became of a stream or of its connection. */
async function outcome(client: FrameClient, stream: number): Promise<string> {
  const read = () => {
    if (client.goaway !== undefined && client.goaway !== ERROR.none) return `goaway ${client.goaway}`
    if (client.reset(stream) !== undefined && client.status(stream) === undefined)
      return `reset ${client.reset(stream)}`
    if (client.ended(stream)) return `status ${client.status(stream)}`
    return client.closed ? 'closed' : undefined
  }
  await expect.poll(read, SOON).toBeDefined()
  return read()!
}

/** The connection is over, with a word about it or without. */
async function ended(client: FrameClient): Promise<void> {
  await expect.poll(() => client.closed, SOON).toBe(true)
}

describe('floods', () => {
  it('H2-01 rapid reset: the connection ends, and few of the requests reach the service', async () => {
    const client = await start()
    for (let round = 0; round < 50; round++) {
      const parts: Buffer[] = []
      for (let at = 0; at < 100; at++) {
        const stream = (round * 100 + at) * 2 + 1
        parts.push(request(stream), rst(stream, ERROR.cancel))
      }
      client.send(...parts)
    }
    await ended(client)
    expect(target.seen.length).toBeLessThanOrEqual(200)
  })

  it.each([
    [
      'H2-02 2000 CONTINUATIONs of 1 KB',
      2000,
      blockOf(Array.from({ length: 16 }, (_, at): Field => [`x-${at}`, 'a'.repeat(56)])),
    ],
    ['H2-03 5000 empty CONTINUATIONs', 5000, Buffer.alloc(0)],
  ])('%s without an end: the connection ends', async (_name, count, payload) => {
    const client = await start()
    client.send(request(1, HEAD, FLAG.endStream))
    for (let at = 0; at < count / 100; at++) {
      client.send(...Array.from({ length: 100 }, () => frame(TYPE.continuation, 0, 1, payload)))
    }
    await ended(client)
    expect(target.seen).toEqual([])
  })

  it.each([
    ['H2-04 PINGs', frame(TYPE.ping, 0, 0, Buffer.alloc(8))],
    ['H2-05 SETTINGS', frame(TYPE.settings, 0, 0)],
  ])('%s, 20,000 that are never read the answers of: the connection ends', async (_name, one) => {
    const client = await start()
    client.socket.pause()
    const closed = new Promise<void>((resolve) =>
      client.socket.once('error', () => resolve()).once('close', () => resolve()),
    )
    for (let at = 0; at < 200; at++) client.send(...Array.from({ length: 100 }, () => one))
    const written = setInterval(() => client.send(one), 20)
    await closed.finally(() => clearInterval(written))
  })

  it('H2-06 20,000 empty DATA frames: the connection ends', async () => {
    const client = await start()
    client.send(request(1, headWith([':method', 'POST']), FLAG.endHeaders))
    for (let at = 0; at < 200; at++) {
      client.send(...Array.from({ length: 100 }, () => frame(TYPE.data, 0, 1)))
    }
    await ended(client)
  })
})

describe('bounds of one request', () => {
  it('H2-07 200 fields are refused', async () => {
    const client = await start()
    client.send(request(1, [...HEAD, ...Array.from({ length: 200 }, (_, at): Field => [`x-${at}`, '1'])]))
    expect(await outcome(client, 1)).toMatch(/^(status 431|reset 11|goaway 11)$/)
    expect(target.seen).toEqual([])
  })

  it('H2-07 heads of 200 fields without an end: the connection ends', async () => {
    const client = await start()
    const fields = [...HEAD, ...Array.from({ length: 200 }, (_, at): Field => [`x-${at}`, '1'])]
    const block = blockOf(fields)
    let sent = 0
    const next = () => frame(TYPE.headers, WHOLE, sent++ * 2 + 1, block)
    const sending = setInterval(() => client.send(...Array.from({ length: 20 }, next)), 5)
    await ended(client).finally(() => clearInterval(sending))
    expect(client.goaway).toBe(ERROR.enhanceYourCalm)
    expect(target.seen).toEqual([])
  })

  it('H2-08 a header list of 200 KB is refused', async () => {
    const client = await start()
    const fields = blockOf([
      ...HEAD,
      ...Array.from({ length: 50 }, (_, at): Field => [`x-${at}`, 'a'.repeat(4096)]),
    ])
    const chunks = Array.from({ length: Math.ceil(fields.length / MAX_FRAME) }, (_, at) =>
      fields.subarray(at * MAX_FRAME, (at + 1) * MAX_FRAME),
    )
    const [first, ...others] = chunks
    client.send(
      frame(TYPE.headers, FLAG.endStream, 1, first),
      ...others.map((chunk, at) =>
        frame(TYPE.continuation, at === others.length - 1 ? FLAG.endHeaders : 0, 1, chunk),
      ),
    )
    expect(await outcome(client, 1)).toMatch(/^(status 431|reset \d+|goaway \d+|closed)$/)
    expect(target.seen).toEqual([])
  })

  const STREAMS = Array.from({ length: 150 }, (_, at) => at * 2 + 1)

  it('H2-23 more than 100 streams at once, before the client can know the bound, are refused one by one', async () => {
    const held = Promise.withResolvers<void>()
    const { answer } = target
    target.answer = (...all) => void held.promise.then(() => answer(...all))
    const client = await start({ acknowledges: false })
    client.send(...STREAMS.map((stream) => request(stream)))
    await expect.poll(() => client.of(TYPE.rst).length, SOON).toBe(50)
    held.resolve()
    target.answer = answer
    for (const stream of STREAMS.slice(100)) expect(client.reset(stream)).toBe(ERROR.refusedStream)
    const answered = () => STREAMS.filter((stream) => client.status(stream) === 200)
    await expect.poll(() => answered().length, SOON).toBe(100)
  })

  it('H2-23 more than 100 streams at once, against the word of the client, end the connection', async () => {
    const { answer } = target
    target.answer = () => {}
    const client = await start()
    await expect.poll(() => client.of(TYPE.settings).length, SOON).toBeGreaterThan(1)
    client.send(...STREAMS.map((stream) => request(stream)))
    await ended(client)
    target.answer = answer
  })

  it('H2-24 an entry of 4 KB referenced 10,000 times is capped', async () => {
    const client = await start()
    const name = Buffer.concat([
      Buffer.from([0x40]),
      Buffer.from([3]),
      Buffer.from('x-b'),
      Buffer.from([0x7f, 0x81, 0x1e]),
      Buffer.alloc(4000, 97),
    ])
    client.send(
      frame(TYPE.headers, FLAG.endStream, 1, Buffer.concat([blockOf(HEAD), name])),
      frame(TYPE.continuation, FLAG.endHeaders, 1, Buffer.alloc(10_000, 0xbe)),
    )
    expect(await outcome(client, 1)).toMatch(/^(status 431|reset \d+|goaway \d+|closed)$/)
    expect(target.seen).toEqual([])
  })
})

describe('frames that break the protocol', () => {
  it.each<readonly [string, () => Buffer, RegExp]>([
    ['H2-09 a request on an even stream', () => request(2), /^(goaway|closed)/],
    ['H2-10 a request on stream 0', () => request(0), /^(goaway|closed)/],
    [
      'H2-11 a window that grows by nothing',
      () =>
        Buffer.concat([
          request(1, headWith([':method', 'POST']), FLAG.endHeaders),
          frame(TYPE.windowUpdate, 0, 1, Buffer.alloc(4)),
        ]),
      /^(goaway|closed|reset)/,
    ],
    [
      'H2-12 a frame larger than was agreed on',
      () => frame(TYPE.headers, WHOLE, 1, Buffer.alloc(MAX_FRAME + 1)),
      /^(goaway|closed)/,
    ],
    [
      'H2-13 DATA before any request',
      () => frame(TYPE.data, FLAG.endStream, 1, Buffer.from('x')),
      /^(goaway|closed)/,
    ],
    [
      'H2-20 a header block that cannot be read',
      () => frame(TYPE.headers, WHOLE, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff])),
      /^(goaway|closed)/,
    ],
  ])('%s: the connection or the stream ends', async (_name, bytes, allowed) => {
    const client = await start()
    client.send(bytes())
    expect(await outcome(client, 1)).toMatch(allowed)
    expect(target.seen).toEqual([])
  })
})

describe('a head with more than one meaning', () => {
  const REFUSED = /^(status 4\d\d|status 501|reset \d+|goaway \d+)$/

  it.each<readonly [string, readonly Field[]]>([
    ['H2-14 a name in upper case', [...HEAD, ['X-Upper', '1']]],
    ['H2-14 Connection', [...HEAD, ['connection', 'close']]],
    ['H2-14 Transfer-Encoding', [...HEAD, ['transfer-encoding', 'chunked']]],
    ['H2-14 Upgrade', [...HEAD, ['upgrade', 'websocket']]],
    ['H2-16 a Host beside another :authority', [...HEAD, ['host', 'evil.test']]],
    ['H2-16 two Hosts', [...HEAD, ['host', 'gw.test'], ['host', 'evil.test']]],
    ['H2-18 te: gzip', [...HEAD, ['te', 'gzip']]],
    ['H2-19 a method with a line break', headWith([':method', 'GET\r\nX'])],
    ['H2-19 a method that is none', headWith([':method', 'FOO'])],
    ['H2-19 TRACE', headWith([':method', 'TRACE'])],
    [
      'H2-19 CONNECT',
      [
        [':method', 'CONNECT'],
        [':authority', 'gw.test:443'],
      ],
    ],
    ['H2-19 another scheme', headWith([':scheme', 'file'])],
    ['H2-19 userinfo', headWith([':authority', 'user@gw.test'])],
    ['H2-19 a path without a slash', headWith([':path', 'x'])],
    ['H2-19 a whole URL as the path', headWith([':path', 'http://evil.test/x'])],
    ['H2-19 an empty path', headWith([':path', ''])],
    ['H2-19 * with GET', headWith([':path', '*'])],
    ['H2-19 no path', HEAD.filter(([name]) => name !== ':path')],
    ['H2-19 no :authority and no Host', HEAD.filter(([name]) => name !== ':authority')],
    ['H2-19 two paths', [...HEAD.slice(0, 3), [':path', '/y'], HEAD[3]!]],
    ['H2-19 a pseudo field behind the others', [...HEAD.slice(0, 3), ['x-a', '1'], HEAD[3]!]],
    ['H2-19 a pseudo field that nobody knows', [[':nobody', '1'], ...HEAD]],
    ['H2-19 a fragment', headWith([':path', '/x#y'])],
    ['H2-19 a path that climbs out', headWith([':path', '/../x'])],
  ])('%s is refused and reaches no service', async (_name, fields) => {
    const client = await start()
    client.send(request(1, fields))
    expect(await outcome(client, 1)).toMatch(REFUSED)
    expect(target.seen).toEqual([])
  })

  it.each([
    ['in the path', '/\xff'],
    ['in the query', '/x?q=\xff'],
    ['in the query as UTF-8', '/x?q=caf\xc3\xa9'],
  ])('RL31 a byte beyond ASCII %s is refused by the gateway itself', async (_name, path) => {
    const client = await start()
    client.send(request(1, headWith([':path', path])))
    expect(await outcome(client, 1)).toBe('status 400')
    expect(client.body(1)).toContain('"code":"BAD_REQUEST"')
  })

  it.each<readonly [string, Field]>([
    ['a line break in a value', ['x-odd', 'a\r\nx-evil: 1']],
    ['a NUL in a value', ['x-odd', 'a\0b']],
    ['a leading space', ['x-odd', ' a']],
    ['a name with a colon', ['x:odd', '1']],
    ['an empty name', ['', '1']],
  ])('H2-15 %s is dropped or refused, never forwarded', async (_name, field) => {
    const client = await start()
    client.send(request(1, [...HEAD, field]))
    expect(await outcome(client, 1)).toMatch(/^(status 200|status 400|reset \d+|goaway \d+)$/)
    for (const { rawHeaders } of target.seen) {
      expect(rawHeaders.join('\n')).not.toMatch(/odd|evil/)
      expect(rawHeaders).not.toContain('')
    }
  })

  it('H2-16 a Host that says the same is no second one', async () => {
    const client = await start()
    client.send(request(1, [...HEAD, ['host', 'GW.test']]))
    expect(await outcome(client, 1)).toBe('status 200')
    expect(target.seen[0]!.rawHeaders.filter((name) => name.toLowerCase() === 'host')).toHaveLength(1)
    expect(target.seen[0]!.headers['host']).toBe('gw.test')
  })

  it.each([
    ['fewer', '5', 'abc'],
    ['more', '2', 'abc'],
  ])('H2-17 a body of %s bytes than it says is no whole request', async (_name, length, body) => {
    const client = await start()
    client.send(
      request(1, [...headWith([':method', 'POST']), ['content-length', length]], FLAG.endHeaders),
      frame(TYPE.data, FLAG.endStream, 1, Buffer.from(body)),
    )
    expect(await outcome(client, 1)).toMatch(/^(status 400|reset \d+|goaway \d+)$/)
    expect(target.seen).toEqual([])
  })

  it('H2-17 a length in a head that is the end is refused', async () => {
    const client = await start()
    client.send(request(1, [...headWith([':method', 'POST']), ['content-length', '5']]))
    expect(await outcome(client, 1)).toMatch(/^(status 400|reset \d+|goaway \d+)$/)
    expect(target.seen).toEqual([])
  })

  it('te: trailers is allowed and goes no further', async () => {
    const client = await start()
    client.send(request(1, [...HEAD, ['te', 'trailers']]))
    expect(await outcome(client, 1)).toBe('status 200')
    expect(target.seen[0]!.headers).not.toHaveProperty('te')
  })
})

describe('a client that breaks off', () => {
  it('in the middle of a body leaves no whole request behind', async () => {
    const client = await start()
    client.send(
      request(1, headWith([':method', 'POST']), FLAG.endHeaders),
      frame(TYPE.data, 0, 1, Buffer.from('half')),
    )
    await expect.poll(() => gateway.metrics(), SOON).toContain('gateway_requests_in_flight 1')
    client.send(rst(1, ERROR.none))
    await expect.poll(() => gateway.metrics(), SOON).toContain('gateway_requests_in_flight 0')
    expect(target.seen).toEqual([])
  })
})
