// Targets of HTTP/2 that break the protocol: none of them hurts another request, or is taken for a whole answer.
import { spawnSync } from 'node:child_process'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import {
  data,
  FLAG,
  frame,
  goaway,
  headerBlock,
  headers,
  rst,
  settings,
  TYPE,
} from '../../../support/http2-frames.ts'
import { bodyOf, collect, eventually, failureOf, SETTINGS } from '../rig.ts'
import { startRawHttp2 } from './raw-target.ts'

const connections = { ...SETTINGS.connections, connectTimeoutMs: 100 }
const OK = [':status', '200']
const LAST = FLAG.endHeaders | FLAG.endStream

describe('a target that breaks off in the body', () => {
  it.each([
    ['RST with CANCEL', (stream: number) => rst(stream, 8)],
    ['RST with INTERNAL_ERROR', (stream: number) => rst(stream, 2)],
    ['RST without an error', (stream: number) => rst(stream, 0)],
    ['GOAWAY with an error', () => goaway(1, 2)],
  ])('by %s is never taken for a clean end', async (_name, breaking) => {
    const { call } = await startRawHttp2({
      onRequest: (socket, stream) =>
        void socket.write(Buffer.concat([headers(stream, OK), data(stream, 'half'), breaking(stream)])),
    })
    const answer = await collect(call()).catch((failure: unknown) => ({ failure }))
    expect(answer.failure).toMatchObject({ code: 'UPSTREAM_RESET' })
  })

  it('by closing the connection is never taken for a clean end', async () => {
    const { call } = await startRawHttp2({
      onRequest: (socket, stream) =>
        void socket.end(Buffer.concat([headers(stream, OK), data(stream, 'half')])),
    })
    const answer = await collect(call()).catch((failure: unknown) => ({ failure }))
    expect(answer.failure).toMatchObject({ code: 'UPSTREAM_RESET' })
  })

  it('after a whole answer changes nothing', async () => {
    const { call } = await startRawHttp2({
      onRequest: (socket, stream) =>
        void socket.write(
          Buffer.concat([headers(stream, OK), data(stream, 'all', FLAG.endStream), rst(stream, 0)]),
        ),
    })
    const body = bodyOf(new Readable({ read() {} }))
    expect(await collect(call({ method: 'POST', body }))).toMatchObject({ body: 'all', failure: undefined })
  })
})

describe('a target that says what HTTP/2 forbids', () => {
  const INVALID: readonly (readonly [string, (stream: number) => Buffer])[] = [
    ['no status', (stream) => headers(stream, ['x', 'y'], LAST)],
    ['two statuses', (stream) => headers(stream, [...OK, ':status', '204'], LAST)],
    ['a status that is no number', (stream) => headers(stream, [':status', 'abc'], LAST)],
    ['a pseudo header behind another', (stream) => headers(stream, ['x', 'y', ...OK], LAST)],
    ['a name in upper case', (stream) => headers(stream, [...OK, 'X-Up', 'y'], LAST)],
    ['a header of a connection', (stream) => headers(stream, [...OK, 'connection', 'close'], LAST)],
    ['a transfer coding', (stream) => headers(stream, [...OK, 'transfer-encoding', 'chunked'], LAST)],
    [
      'less body than it announced',
      (stream) =>
        Buffer.concat([headers(stream, [...OK, 'content-length', '9']), data(stream, 'abc', FLAG.endStream)]),
    ],
    [
      'more body than it announced',
      (stream) =>
        Buffer.concat([headers(stream, [...OK, 'content-length', '2']), data(stream, 'abc', FLAG.endStream)]),
    ],
    ['a body before its head', (stream) => data(stream, 'abc', FLAG.endStream)],
    ['an inner head that ends the stream', (stream) => headers(stream, [':status', '103'], LAST)],
  ]

  it.each(INVALID)('with %s gives no answer', async (_name, bytes) => {
    const { call } = await startRawHttp2({ onRequest: (socket, stream) => void socket.write(bytes(stream)) })
    const answer = await collect(call()).catch((failure: unknown) => ({ failure }))
    expect(answer.failure).toMatchObject({ source: 'upstream', status: 502, unprocessed: false })
  })

  it.each([
    ['DATA on a stream that nobody opened', () => data(99, 'x')],
    [
      'a promise that was refused',
      (stream: number) =>
        frame(
          TYPE.push,
          FLAG.endHeaders,
          stream,
          Buffer.concat([Buffer.from([0, 0, 0, 2]), headerBlock([':method', 'GET'])]),
        ),
    ],
    ['a window that overflows', () => frame(TYPE.windowUpdate, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff]))],
    ['a frame longer than allowed', (stream: number) => data(stream, Buffer.alloc(20_000))],
    [
      'bytes that are no header block',
      (stream: number) =>
        frame(TYPE.headers, LAST, stream, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff])),
    ],
    ['a window update of nothing', () => frame(TYPE.windowUpdate, 0, 0, Buffer.alloc(4))],
    ['SETTINGS of no length', () => frame(TYPE.settings, 0, 0, Buffer.alloc(5))],
  ])('by %s loses its connection, and the next request has another', async (_name, bytes) => {
    const serve = (socket: Socket, stream: number) => {
      if (raw.sockets.length === 1) socket.write(bytes(stream))
      else socket.write(headers(stream, OK, LAST))
    }
    const { raw, call } = await startRawHttp2({ onRequest: serve })
    expect(await failureOf(call())).toMatchObject({ source: 'upstream', status: 502 })
    expect(await collect(call())).toMatchObject({ status: 200 })
  })

  it('by DATA after the end of its answer hurts that connection only', async () => {
    const { call } = await startRawHttp2({
      onRequest: (socket, stream) =>
        void socket.write(
          Buffer.concat([headers(stream, OK), data(stream, 'all', FLAG.endStream), data(stream, 'POISON')]),
        ),
    })
    expect(await collect(call())).toMatchObject({ status: 200, body: 'all' })
    expect(await collect(call())).toMatchObject({ status: 200, body: 'all' })
  })
})

it('a head that is refused midway never ends the process, whatever is collected first', () => {
  const script = fileURLToPath(new URL('collected-sessions.ts', import.meta.url))
  // Node aborts there without the precaution of outlive.ts.
  const { stdout, stderr } = spawnSync(process.execPath, ['--expose-gc', script], { encoding: 'utf8' })
  expect(stderr).not.toContain('Assertion failed')
  expect(stdout).toBe('alive')
})

describe('a head without end', () => {
  it.each([
    ['in many fields', Array.from({ length: 2000 }, (_, at) => [`x-${at}`, 'y'.repeat(20)]).flat()],
    ['in few large fields', Array.from({ length: 10 }, (_, at) => [`x-${at}`, 'y'.repeat(10_000)]).flat()],
  ])('%s is refused', async (_name, pairs) => {
    const { call } = await startRawHttp2({
      onRequest(socket, stream) {
        const block = headerBlock([...OK, ...pairs])
        socket.write(frame(TYPE.headers, 0, stream, block.subarray(0, 10_000)))
        for (let at = 10_000; at < block.length; at += 10_000) {
          const last = at + 10_000 >= block.length
          socket.write(frame(TYPE.continuation, last ? 4 : 0, stream, block.subarray(at, at + 10_000)))
        }
      },
    })
    expect(await failureOf(call())).toMatchObject({ source: 'upstream', status: 502 })
  })

  it('in CONTINUATION frames of nothing is refused', async () => {
    const { call } = await startRawHttp2({
      onRequest(socket, stream) {
        socket.write(frame(TYPE.headers, 0, stream, headerBlock(OK)))
        for (let at = 0; at < 1000; at++) socket.write(frame(TYPE.continuation, 0, stream))
      },
    })
    expect(await failureOf(call())).toMatchObject({ source: 'upstream', status: 502 })
  })
})

describe('a target that is no HTTP/2 server', () => {
  it('because it never sends SETTINGS has not seen the request', async () => {
    const { raw, call } = await startRawHttp2({ hello: null }, { connections })
    const failure = await failureOf(call({ method: 'POST' }))
    expect(failure).toMatchObject({ code: 'UPSTREAM_CONNECT_TIMEOUT', unprocessed: true })
    expect(raw.frames.some(({ type }) => type === TYPE.headers)).toBe(false)
    await eventually(() => raw.sockets[0]!.destroyed)
  })

  it('because it speaks HTTP/1.1 has not seen the request', async () => {
    const hello = Buffer.from('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n')
    const { call } = await startRawHttp2({ hello })
    expect(await failureOf(call({ method: 'POST' }))).toMatchObject({ status: 502, unprocessed: true })
  })

  it('because it closes at once has not seen the request, and is not dialled again and again', async () => {
    const { raw, call } = await startRawHttp2({ hello: settings([3, 0]) })
    const waiting = failureOf(call())
    await eventually(() => raw.frames.length > 0)
    raw.sockets[0]!.destroy()
    expect(await waiting).toMatchObject({ status: 502, unprocessed: true })
    expect(raw.sockets).toHaveLength(1)
  })
})

describe('a target that stalls', () => {
  it('with a window that is never opened again is left at the deadline', async () => {
    const hello = settings([4, 10])
    const { raw, rig, call } = await startRawHttp2({ hello })
    const body = bodyOf(Readable.from([Buffer.alloc(100_000)]))
    const calling = failureOf(call({ method: 'POST', body, attemptTimeoutMs: 1000 }))
    await eventually(() => raw.frames.some(({ type }) => type === TYPE.data))
    await rig.clock.advance(1000)
    expect(await calling).toMatchObject({ code: 'UPSTREAM_TIMEOUT' })
    await eventually(() => raw.frames.some(({ type }) => type === TYPE.rst))
    const sent = raw.frames.filter(({ type }) => type === TYPE.data)
    expect(sent.reduce((sum, { payload }) => sum + payload.length, 0)).toBe(10)
  })

  it('is asked by a PING, gets no new streams meanwhile, and loses its connection', async () => {
    const onRequest = (socket: Socket, stream: number) => {
      if (raw.sockets.length > 1) socket.write(headers(stream, OK, LAST))
    }
    const { raw, rig, call } = await startRawHttp2(
      { onRequest },
      { connections: { ...connections, connectTimeoutMs: 1000 } },
    )
    const waiting = failureOf(call({ attemptTimeoutMs: 1000 }))
    await eventually(() => raw.frames.some(({ type }) => type === TYPE.headers))
    await rig.clock.advance(1000)
    expect(await waiting).toMatchObject({ code: 'UPSTREAM_TIMEOUT' })
    expect(await collect(call())).toMatchObject({ status: 200 })
    expect(raw.sockets).toHaveLength(2)
    expect(raw.frames.some(({ type, flags }) => type === TYPE.ping && flags === 0)).toBe(true)
    await eventually(() => raw.sockets[0]!.destroyed)
    expect(raw.sockets[1]!.destroyed).toBe(false)
  })
})
