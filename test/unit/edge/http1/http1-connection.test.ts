// Connections of HTTP/1 on real sockets: one request after the other, each whole, and every end in its time.
import { describe, expect, it, vi } from 'vitest'
import type { MalformedFacts } from '../../../../src/edge/http1/http1-connections.ts'
import { Turnstile } from '../../../../src/edge/turnstile.ts'
import { systemClock } from '../../../../src/system-clock.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { LIMITS } from '../test-limits.ts'
import { eventually, RawClient, type Served, speakHttp1, turns } from '../wire.ts'

const GET = (target: string, fields = '') => `GET ${target} HTTP/1.1\r\nHost: x\r\n${fields}\r\n`
const POST = (framing: string) => `POST / HTTP/1.1\r\nHost: x\r\n${framing}\r\n\r\n`

function answer({ response }: Served, text: string): void {
  response.writeHead(200, 'OK', ['Content-Length', String(text.length)])
  response.end(text, 'latin1')
}

async function open(options: Parameters<typeof speakHttp1>[0] = {}) {
  const refused: MalformedFacts[] = []
  const edge = await speakHttp1({ onMalformed: (facts) => void refused.push(facts), ...options })
  const client = await edge.client()
  await eventually(() => edge.sockets.length === 1)
  return { ...edge, client, refused, socket: edge.sockets[0]! }
}

describe('requests on one connection', () => {
  it('are looked at one by one: the next when the answer before has left', async () => {
    const { client, served } = await open()
    client.write(GET('/1') + GET('/2') + GET('/3'))
    for (const at of [0, 1, 2]) {
      await eventually(() => served.length > at)
      await turns()
      expect(served).toHaveLength(at + 1)
      expect(served[at]!.raw.url).toBe(`/${at + 1}`)
      answer(served[at]!, `answer ${at + 1}`)
    }
    const text = await client.until((received) => received.endsWith('answer 3'))
    expect(text.match(/answer \d/g)).toEqual(['answer 1', 'answer 2', 'answer 3'])
  })

  it('may come in any pieces, with empty lines ahead of them', async () => {
    const bytes = `\r\n\r\n${POST('Content-Length: 3')}abc\r\n${GET('/2')}`
    for (let cut = 1; cut < bytes.length; cut++) {
      const { client, served, socket } = await open()
      client.write(bytes.slice(0, cut))
      await eventually(() => socket.bytesRead === cut)
      client.write(bytes.slice(cut))
      await eventually(() => served.length === 1)
      let body = ''
      served[0]!.raw.on('data', (chunk) => {
        body += chunk
      })
      await eventually(() => served[0]!.raw.complete)
      await turns(2)
      expect(body).toBe('abc')
      answer(served[0]!, 'first')
      await eventually(() => served.length === 2)
      expect(served[1]!.raw.url).toBe('/2')
      client.socket.destroy()
    }
  })

  it('stay with the client beyond a head of them', async () => {
    const { client, served, socket } = await open()
    client.write(GET('/1') + GET('/x').repeat(100_000))
    await eventually(() => served.length === 1 && socket.isPaused())
    await turns()
    expect(socket.bytesRead).toBeLessThan(300_000)
    expect(served).toHaveLength(1)
  })

  it.each([
    ['1.1', '', true],
    ['1.1', 'Connection: close\r\n', false],
    ['1.1', 'Connection: x, Close\r\n', false],
    ['1.0', '', false],
    ['1.0', 'Connection: keep-alive\r\n', true],
    ['1.0', 'Connection: keep-alive, close\r\n', false],
  ])('over %s with %j: kept %s', async (version, fields, isKept) => {
    const { client, served, socket } = await open()
    client.write(`GET / HTTP/${version}\r\nHost: x\r\n${fields}\r\n`)
    await eventually(() => served.length === 1)
    answer(served[0]!, 'ok')
    const text = await client.until((received) => received.endsWith('ok'))
    expect(text).toContain(
      isKept ? '\r\nConnection: keep-alive\r\nKeep-Alive: timeout=' : '\r\nConnection: close\r\n',
    )
    if (isKept) await turns()
    else await client.ended()
    expect(socket.writableEnded).toBe(!isKept)
  })

  it('end behind one whose length has no single meaning: nothing more is read', async () => {
    const { client, served } = await open()
    client.write(`${POST('Content-Length: 3\r\nContent-Length: 4')}abcd${GET('/2')}`)
    await eventually(() => served.length === 1)
    expect(() => served[0]!.raw.head).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }))
    answer(served[0]!, 'no')
    await client.ended()
    expect(served).toHaveLength(1)
  })
})

describe('an error of whoever hears that a response is over', () => {
  const throws = () => {
    throw new Error('a listener')
  }

  it('costs its own connection alone, and is told apart from all', async () => {
    const { client: first, served, port } = await open()
    const second = await RawClient.connect(port)
    first.write(GET('/1'))
    await eventually(() => served.length === 1)
    second.write(GET('/2'))
    await eventually(() => served.length === 2)
    const later = vi.spyOn(globalThis, 'queueMicrotask').mockImplementation(() => {})
    served[0]!.response.on('close', throws)
    for (const one of served.slice()) answer(one, 'ok')
    await first.ended()
    second.write(GET('/3'))
    await eventually(() => served.length === 3)
    expect(later.mock.calls.map(([told]) => told)).toEqual([expect.any(Function)])
    expect(later.mock.calls[0]![0]).toThrow('a listener')
    later.mockRestore()
  })

  it('keeps nobody from being looked after', async () => {
    const clock = new FakeClock()
    const { client, served, port } = await open({ clock })
    client.write(POST('Content-Length: 3'))
    await eventually(() => served.length === 1)
    served[0]!.response.on('close', throws)
    await expect(clock.advance(LIMITS.requestTimeoutMs + 1000)).rejects.toThrow('a listener')
    const second = await RawClient.connect(port)
    await turns()
    await clock.advance(LIMITS.headersTimeoutMs + 2000)
    expect(await second.ended()).toMatch(/^HTTP\/1\.1 408 /)
  })
})

describe('a first request that waits for its turn', () => {
  it('is refused as any other, and does not begin any more', async () => {
    const turns: (() => void)[] = []
    const turnstile = new Turnstile(systemClock, (run) => turns.push(run))
    const { client, served, refused } = await open({ turnstile })
    for (let others = 0; others < 4; others++) turnstile.pass(() => {})
    client.write(`${POST('Transfer-Encoding: chunked')}no chunk\r\n`)
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 400 /)
    for (const run of turns) run()
    expect(served).toEqual([])
    expect(refused).toHaveLength(1)
  })
})

describe('an error of whoever serves a request', () => {
  it('is answered, also where it waited for its turn to begin', async () => {
    const turnstile = new Turnstile(systemClock)
    const onRequest = () => {
      throw new Error('inside')
    }
    const { client } = await open({ turnstile, onRequest })
    for (let others = 0; others < 4; others++) turnstile.pass(() => {})
    client.write(GET('/1'))
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 500 /)
  })
})

describe('what is no request', () => {
  it.each([
    ['a wrong line', 'nonsense\r\n\r\n', 'BAD_REQUEST', 400],
    ['a hello of TLS', '\x16\x03\x01\x02\x00', 'BAD_REQUEST', 400],
    ['bare line feeds', 'GET / HTTP/1.1\nHost: x\n\n', 'BAD_REQUEST', 400],
    [
      'a head that is too long',
      GET('/', `X: ${'x'.repeat(LIMITS.headerBytes)}\r\n`),
      'HEADERS_TOO_LARGE',
      431,
    ],
    [
      'one that has no end',
      `GET / HTTP/1.1\r\nX: ${'x'.repeat(LIMITS.headerBytes)}`,
      'HEADERS_TOO_LARGE',
      431,
    ],
  ])('is refused once, and the connection ends: %s', async (_what, bytes, code, status) => {
    const { client, served, refused } = await open()
    client.write(bytes)
    client.write('more')
    const text = await client.ended()
    expect(text.match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`])
    expect(text).toContain(`"code":"${code}"`)
    expect(refused).toMatchObject([{ cause: code, clientIp: '127.0.0.1' }])
    expect(served).toHaveLength(0)
  })

  it.each([
    ['a size that is none', 'zz\r\n', 400],
    ['endless extensions', `1;${'x'.repeat(2000)}`, 413],
    ['a chunk longer than it says', `1\r\n${'x'.repeat(2000)}`, 400],
    ['endless trailers', `0\r\n${`T: ${'x'.repeat(1000)}\r\n`.repeat(20)}`, 431],
  ])('may be a body: %s', async (_what, bytes, status) => {
    const { client, served } = await open()
    client.write(POST('Transfer-Encoding: chunked'))
    await eventually(() => served.length === 1)
    const { raw, response } = served[0]!
    let [gone, closed] = [0, 0]
    raw.on('close', () => gone++)
    response.on('close', () => closed++)
    raw.resume()
    client.write(bytes)
    expect(await client.ended()).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `))
    expect([gone, closed, response.writableFinished]).toEqual([1, 1, false])
  })

  it('is not told inside an answer that has begun', async () => {
    const { client, served } = await open()
    client.write(POST('Transfer-Encoding: chunked'))
    await eventually(() => served.length === 1)
    const { raw, response } = served[0]!
    raw.resume()
    response.writeHead(200, 'OK', ['Content-Length', '10'])
    response.write(Buffer.from('part'))
    await client.until((text) => text.endsWith('part'))
    client.write('zz\r\n')
    expect(await client.ended()).toMatch(/\r\n\r\npart$/)
  })
})

describe('a client that goes away', () => {
  it('before its answer has left takes its connection with it', async () => {
    const { client, served, socket } = await open()
    client.write(GET('/'))
    await eventually(() => served.length === 1)
    let closed = false
    served[0]!.response.on('close', () => {
      closed = true
    })
    client.socket.end()
    await eventually(() => closed && socket.destroyed)
    expect(served[0]!.response.writableFinished).toBe(false)
  })

  it('in the middle of a head is told so', async () => {
    const { client } = await open()
    client.write('GET / HTTP/1.1\r\nHo')
    client.socket.end()
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 400 /)
  })

  it.each(['', '\r\n', '\r'])('without a word is nobody: %j', async (bytes) => {
    const { client, refused, socket } = await open()
    client.write(bytes)
    client.socket.end()
    expect(await client.ended()).toBe('')
    await eventually(() => socket.destroyed)
    expect(refused).toEqual([])
  })
})

describe('in time', () => {
  const timed = async () => {
    const clock = new FakeClock()
    return { clock, ...(await open({ clock })) }
  }
  const SECOND = 1000

  it.each([
    ['the first byte', ''],
    ['the end of the first head', 'GET / HTTP/1.1\r\n'],
  ])('must come %s', async (_what, bytes) => {
    const { clock, client, socket } = await timed()
    client.write(bytes)
    await eventually(() => socket.bytesRead === bytes.length)
    await clock.advance(LIMITS.headersTimeoutMs - 2 * SECOND)
    expect(socket.writableEnded).toBe(false)
    await clock.advance(3 * SECOND)
    await eventually(() => socket.writableEnded)
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 408 /)
  })

  it('must come the next head, which nobody is told', async () => {
    const { clock, client, served, socket } = await timed()
    client.write(GET('/'))
    await eventually(() => served.length === 1)
    answer(served[0]!, 'ok')
    await client.until((text) => text.endsWith('ok'))
    await clock.advance(LIMITS.keepAliveTimeoutMs - SECOND)
    expect(socket.destroyed).toBe(false)
    await clock.advance(3 * SECOND)
    await eventually(() => socket.destroyed)
    expect(await client.ended()).toMatch(/ok$/)
  })

  it('must come the end of the next head', async () => {
    const { clock, client, served, socket } = await timed()
    client.write(GET('/'))
    await eventually(() => served.length === 1)
    answer(served[0]!, 'ok')
    await client.until((text) => text.endsWith('ok'))
    client.write('GET / HT')
    await eventually(() => socket.bytesRead === GET('/').length + 8)
    await clock.advance(LIMITS.headersTimeoutMs + 2 * SECOND)
    expect(await client.ended()).toMatch(/okHTTP\/1\.1 408 /)
  })

  it('is counted anew from the first byte of a head on, not from an empty line', async () => {
    const { clock, client, served, socket } = await timed()
    client.write(GET('/'))
    await eventually(() => served.length === 1)
    answer(served[0]!, 'ok')
    await client.until((text) => text.endsWith('ok'))
    await clock.advance(LIMITS.headersTimeoutMs + 2 * SECOND)
    client.write('\r\nPOST / HTTP/1.1\r\n')
    await eventually(() => socket.bytesRead === GET('/').length + 19)
    await clock.advance(LIMITS.headersTimeoutMs - 2 * SECOND)
    client.write('Host: x\r\nContent-Length: 2\r\n\r\n')
    await eventually(() => served.length === 2)
    expect(socket.writableEnded).toBe(false)
    answer(served[1]!, 'second')
    await client.until((text) => text.endsWith('second'))
  })

  it('is not gained by empty lines, whole or in halves', async () => {
    const { clock, client, served, socket } = await timed()
    client.write(GET('/'))
    await eventually(() => served.length === 1)
    answer(served[0]!, 'ok')
    await client.until((text) => text.endsWith('ok'))
    for (const piece of ['\r\n', '\r', '\n', '\r', '\n\r', '\n']) {
      const read = socket.bytesRead + piece.length
      client.write(piece)
      await eventually(() => socket.bytesRead === read)
      await clock.advance(LIMITS.keepAliveTimeoutMs / 6 + SECOND)
    }
    await eventually(() => socket.destroyed)
    expect(await client.ended()).toMatch(/ok$/)
  })

  it('is nothing more to a response that is over', async () => {
    const { client, served, socket } = await timed()
    client.write(GET('/'))
    await eventually(() => served.length === 1)
    answer(served[0]!, 'ok')
    await client.until((text) => text.endsWith('ok'))
    await eventually(() => served[0]!.response.destroyed)
    served[0]!.response.setTimeout(1)
    served[0]!.response.destroy()
    await turns()
    expect([socket.destroyed, socket.timeout]).toEqual([false, undefined])
  })

  it('must come the whole body, however busy its connection is', async () => {
    const { clock, client, served } = await timed()
    client.write(POST('Content-Length: 5'))
    await eventually(() => served.length === 1)
    served[0]!.raw.resume()
    client.write('abc')
    await clock.advance(LIMITS.requestTimeoutMs + 2 * SECOND)
    expect(await client.ended()).toMatch(/^HTTP\/1\.1 408 /)
    expect(served[0]!.raw.destroyed).toBe(true)
  })

  it('is anything but the answer, which takes as long as it takes', async () => {
    const { clock, client, served, socket } = await timed()
    client.write(GET('/'))
    await eventually(() => served.length === 1)
    await clock.advance(LIMITS.requestTimeoutMs * 3)
    expect(socket.destroyed).toBe(false)
    answer(served[0]!, 'late')
    await client.until((text) => text.endsWith('late'))
  })

  it('must close who has got the last answer', async () => {
    const { clock, client, served, socket } = await timed()
    client.write(GET('/', 'Connection: close\r\n'))
    await eventually(() => served.length === 1)
    answer(served[0]!, 'ok')
    await client.ended()
    expect(socket.destroyed).toBe(false)
    await clock.advance(5 * SECOND)
    await eventually(() => socket.destroyed)
  })
})
