// Answers on a real connection: the head, and bodies that are sent in one write.
import { describe, expect, it } from 'vitest'
import { Spread } from '../../../src/edge/spread.ts'
import { WriteDeadlines } from '../../../src/edge/write-deadlines.ts'
import { HeaderList } from '../../../src/headers.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { answerTo, FedBody, get, latin1, receive } from './answers.ts'
import { eventually } from './wire.ts'

describe('an answer of the gateway', () => {
  it('carries its headers, the request id and its length', async () => {
    const arrived = await get()
    const { sent } = answerTo(arrived, {
      body: 'caf\u00e9',
      headers: new HeaderList(['X-A', '1', 'x-a', '2']),
    })
    const { head, body } = await receive(arrived)
    expect(head).toEqual([
      'HTTP/1.1 200 OK',
      ...['X-A: 1', 'x-a: 2', 'X-Request-Id: id-1', 'Content-Length: 5', 'Connection: close'],
    ])
    expect(Buffer.from(body, 'latin1').toString()).toBe('caf\u00e9')
    expect(sent.bytes).toBe(5)
  })

  it('keeps every byte of a small body', async () => {
    const arrived = await get()
    answerTo(arrived, { body: latin1 })
    expect((await receive(arrived)).body).toBe(latin1.toString('latin1'))
  })

  it('keeps every byte of a large body', async () => {
    const large = Buffer.concat(Array.from({ length: 400 }, () => latin1))
    const arrived = await get()
    const { sent } = answerTo(arrived, { body: large })
    expect((await receive(arrived)).body).toBe(large.toString('latin1'))
    expect(sent.bytes).toBe(102_400)
  })

  it('may be empty', async () => {
    const arrived = await get()
    answerTo(arrived, { status: 201, body: '' })
    const { head, body } = await receive(arrived)
    expect([head[0], head.at(-2), body]).toEqual(['HTTP/1.1 201 Created', 'Content-Length: 0', ''])
  })

  it('keeps the connection when it may', async () => {
    const arrived = await get()
    answerTo(arrived, { body: 'one' }, { close: false })
    const text = await arrived.client.until((received) => received.endsWith('one'))
    expect(text).toContain('Connection: keep-alive')
    arrived.client.write('GET /2 HTTP/1.1\r\nHost: x\r\n\r\n')
    await eventually(() => arrived.served.length === 2)
  })

  it('goes out in one write, head and body together, when it is small', async () => {
    const arrived = await get()
    const writes: unknown[] = []
    const { socket } = arrived
    const write = socket.write.bind(socket) as (...all: unknown[]) => boolean
    socket.write = (...all: unknown[]) => {
      writes.push(all[0])
      return write(...all)
    }
    answerTo(arrived, { body: new FedBody([Buffer.from('a'), latin1]) })
    await receive(arrived)
    expect(writes).toHaveLength(1)
  })
})

describe('an answer without a body', () => {
  it('to HEAD keeps the length that GET would have', async () => {
    const arrived = await get('HEAD')
    const headers = new HeaderList(['Content-Length', '1234'])
    const { sent } = answerTo(arrived, { headers, body: new FedBody([]) }, { method: 'HEAD' })
    const { head, body } = await receive(arrived)
    expect(head).toContain('Content-Length: 1234')
    expect([body, sent.bytes]).toEqual(['', 0])
  })

  it('to HEAD drops a body that the gateway made', async () => {
    const arrived = await get('HEAD')
    const { sent } = answerTo(arrived, { status: 404, body: '{"code":"x"}' }, { method: 'HEAD' })
    expect((await receive(arrived)).body).toBe('')
    expect(sent.bytes).toBe(0)
  })

  it('304 keeps the length of what was not sent (RFC 9110 section 8.6)', async () => {
    const arrived = await get()
    const headers = new HeaderList(['ETag', '"x"', 'Content-Length', '1234'])
    answerTo(arrived, { status: 304, headers, body: new FedBody([]) })
    const { head, body } = await receive(arrived)
    expect(head).toEqual(
      expect.arrayContaining(['HTTP/1.1 304 Not Modified', 'ETag: "x"', 'Content-Length: 1234']),
    )
    expect(body).toBe('')
  })

  it('204 has no length (RFC 9110 section 8.6), even if the service gave one', async () => {
    const arrived = await get()
    const headers = new HeaderList(['X-A', '1', 'Content-Length', '5'])
    answerTo(arrived, { status: 204, headers, body: 'x' })
    const { head, body } = await receive(arrived)
    expect(head).toEqual(['HTTP/1.1 204 No Content', 'X-A: 1', 'X-Request-Id: id-1', 'Connection: close'])
    expect(body).toBe('')
  })
})

describe('headers', () => {
  it('of the service in two lines stay in two lines', async () => {
    const arrived = await get()
    const headers = new HeaderList(['Set-Cookie', 'a=1', 'Set-Cookie', 'b=2', 'X-Latin', 'caf\u00e9'])
    answerTo(arrived, { headers, body: 'x' })
    const { head } = await receive(arrived)
    expect(head).toEqual(expect.arrayContaining(['Set-Cookie: a=1', 'Set-Cookie: b=2', 'X-Latin: caf\u00e9']))
  })

  it('name the request once, also when the service echoes its id', async () => {
    const arrived = await get()
    answerTo(arrived, { headers: new HeaderList(['x-request-id', 'other', 'X-A', '1']), body: 'x' })
    const { head } = await receive(arrived)
    expect(head.filter((line) => /^x-request-id:/i.test(line))).toEqual(['x-request-id: id-1'])
  })

  it.each(['a\r\nSet-Cookie: x=1', 'a\0', 'snow\u2603'])(
    'that cannot be written are told before anything is sent: %j',
    async (value) => {
      const arrived = await get()
      expect(() => answerTo(arrived, { headers: new HeaderList(['X-A', value]), body: 'x' })).toThrow()
      expect(arrived.response.headersSent).toBe(false)
      answerTo(arrived, { status: 502, body: 'instead' })
      const { head, body } = await receive(arrived)
      expect([head[0], body]).toEqual(['HTTP/1.1 502 Bad Gateway', 'instead'])
      expect(head.join()).not.toContain('Set-Cookie')
    },
  )
})

describe('a body that has arrived already', () => {
  it('is sent with its length, whatever number of pieces it came in', async () => {
    const arrived = await get()
    const { sent } = answerTo(arrived, { body: new FedBody([Buffer.from('ab'), Buffer.from('c')]) })
    const { head, body } = await receive(arrived)
    expect(head).toContain('Content-Length: 3')
    expect([body, sent.bytes]).toEqual(['abc', 3])
  })

  it('keeps the length that the service gave', async () => {
    const arrived = await get()
    answerTo(arrived, {
      headers: new HeaderList(['content-length', '3']),
      body: new FedBody([Buffer.from('abc')]),
    })
    const { head } = await receive(arrived)
    expect(head.filter((line) => /^content-length/i.test(line))).toEqual(['content-length: 3'])
  })
})

describe('a small answer behind a connection that is full', () => {
  it('is given up with its connection when its time is over', async () => {
    const arrived = await get()
    const { client, raw, response } = arrived
    client.socket.pause()
    // More than the buffers of any kernel hold.
    raw.socket.write(Buffer.alloc(64 * 1024 * 1024))
    const clock = new FakeClock()
    answerTo(arrived, { body: 'ok' }, { deadlines: new WriteDeadlines(clock, 5000, new Spread(clock)) })
    await clock.advance(4000)
    expect(response.destroyed).toBe(false)
    await clock.advance(1000)
    expect(raw.socket.destroyed).toBe(true)
    await clock.advance(10)
    expect(clock.timers).toBe(0)
  })

  it('that is taken at once has no deadline', async () => {
    const arrived = await get()
    const clock = new FakeClock()
    answerTo(arrived, { body: 'ok' }, { deadlines: new WriteDeadlines(clock, 5000, new Spread(clock)) })
    expect(clock.timers).toBe(0)
    expect((await receive(arrived)).body).toBe('ok')
  })
})
