// The connections of HTTP/2 to a target: how many, how many streams on each, and what their end means.
import { constants, type ServerHttp2Stream } from 'node:http2'
import { describe, expect, it } from 'vitest'
import type { UpstreamResponse } from '../../../../src/plugin.ts'
import { collect, createExchange, eventually, failureOf, turns } from '../rig.ts'
import { connections, startHttp2Service } from './http2-target.ts'

/** Streams that stay open until they are told to answer. */
function held() {
  const streams: ServerHttp2Stream[] = []
  const answer = (stream = streams.shift()) => {
    stream?.respond()
    stream?.end('done')
  }
  return { streams, hold: (stream: ServerHttp2Stream) => void streams.push(stream), answer }
}

const statuses = async (calls: readonly Promise<UpstreamResponse>[]) =>
  (await Promise.all(calls.map(collect))).map(({ body }) => body)

describe('sessions', () => {
  it('carry many requests at once, and one is enough for them', async () => {
    const { target, call } = await startHttp2Service((stream) => stream.end('ok'))
    await statuses([call()])
    expect(await statuses(Array.from({ length: 50 }, () => call()))).toEqual(Array(50).fill('ok'))
    expect(target.sessions).toHaveLength(1)
  })

  it('have no more streams than the target allows; the next session takes the others', async () => {
    const { streams, hold, answer } = held()
    const server = { settings: { maxConcurrentStreams: 2 } }
    const { target, call } = await startHttp2Service(hold, { server, connections: connections({ max: 2 }) })
    const calls = Array.from({ length: 5 }, () => call())
    await eventually(() => streams.length === 4)
    await turns()
    expect(target.sessions).toHaveLength(2)
    // The fifth waits until one of the others has ended.
    answer()
    await eventually(() => streams.length === 4)
    while (streams.length > 0) answer()
    expect(await statuses(calls)).toEqual(Array(5).fill('done'))
  })

  it('give a place back when its request is given up while it waits', async () => {
    const { streams, hold, answer } = held()
    const server = { settings: { maxConcurrentStreams: 1 } }
    const { call } = await startHttp2Service(hold, { server, connections: connections({ max: 1, queue: 1 }) })
    const first = call()
    await eventually(() => streams.length === 1)
    for (let round = 0; round < 5; round++) {
      const exchange = createExchange()
      const waiting = failureOf(call({ exchange }))
      exchange.abort.abort(new Error('gone'))
      expect(await waiting).toMatchObject({ unprocessed: true })
    }
    const last = call()
    answer()
    await eventually(() => streams.length === 1)
    answer()
    expect(await statuses([first, last])).toEqual(['done', 'done'])
  })

  it('are closed when they were idle for long enough', async () => {
    const { target, rig, call } = await startHttp2Service((stream) => stream.end('ok'), {
      connections: connections({ idleTimeoutMs: 30 }),
    })
    await statuses([call()])
    await eventually(() => target.sessions[0]!.destroyed)
    expect(await statuses([call()])).toEqual(['ok'])
    expect(target.sessions).toHaveLength(2)
    expect(rig.service.targets[0]!.pending).toBe(0)
  })

  it('end with the service, when their last request has', async () => {
    const { streams, hold, answer } = held()
    const { target, rig, call } = await startHttp2Service(hold)
    const calling = call()
    await eventually(() => streams.length === 1)
    let closed = false
    const closing = rig.service.close().then(() => {
      closed = true
    })
    await turns()
    expect(closed).toBe(false)
    answer()
    expect(await statuses([calling])).toEqual(['done'])
    await closing
    await eventually(() => target.sessions[0]!.destroyed)
    expect(await failureOf(call())).toMatchObject({ unprocessed: true })
  })
})

describe('a stream that the target refuses', () => {
  it('was not processed: any method may be sent again', async () => {
    const { call } = await startHttp2Service((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM))
    const failure = await failureOf(call({ method: 'POST' }))
    expect(failure).toMatchObject({ code: 'UPSTREAM_RESET', unprocessed: true })
  })

  it('by the last number of its GOAWAY was not processed either, and the others go on', async () => {
    const { streams, hold, answer } = held()
    const { target, call } = await startHttp2Service(hold)
    const calls = [call(), call()]
    await eventually(() => streams.length === 2)
    target.sessions[0]!.goaway(constants.NGHTTP2_NO_ERROR, streams[0]!.id!)
    expect(await failureOf(calls[1]!)).toMatchObject({ code: 'UPSTREAM_RESET', unprocessed: true })
    answer(streams[0])
    expect(await statuses([calls[0]!])).toEqual(['done'])
  })

  it('on a session that says goodbye costs the next request nothing', async () => {
    const { target, call } = await startHttp2Service((stream) => stream.end('ok'))
    await statuses([call()])
    target.sessions[0]!.close()
    await eventually(() => target.sessions[0]!.destroyed)
    // A request that crossed the goodbye on its way is told so, and may be sent again.
    const outcomes = await Promise.all([call(), call()].map((calling) => failureOf(calling)))
    for (const { message, unprocessed } of outcomes)
      expect(message === 'answered 200' || unprocessed).toBe(true)
    expect(await statuses([call()])).toEqual(['ok'])
    expect(target.sessions).toHaveLength(2)
  })
})

describe('a stream that the target breaks', () => {
  it.each([
    [constants.NGHTTP2_CANCEL, 'UPSTREAM_RESET'],
    [constants.NGHTTP2_INTERNAL_ERROR, 'UPSTREAM_RESET'],
    [constants.NGHTTP2_NO_ERROR, 'UPSTREAM_RESET'],
    [constants.NGHTTP2_PROTOCOL_ERROR, 'UPSTREAM_INVALID_RESPONSE'],
    [constants.NGHTTP2_ENHANCE_YOUR_CALM, 'UPSTREAM_INVALID_RESPONSE'],
  ])('with code %i before its head is %s, and may have been processed', async (code, expected) => {
    const { call } = await startHttp2Service((stream) => stream.close(code))
    expect(await failureOf(call())).toMatchObject({ code: expected, unprocessed: false })
  })

  it('with its connection is reset, and the next request has a new one', async () => {
    const { target, call } = await startHttp2Service((stream, headers) => {
      if (headers[':path'] === '/next') return stream.end('ok')
      stream.respond()
      return stream.write('half', () => target.sessions[0]!.socket.destroy())
    })
    expect(await collect(call())).toMatchObject({ body: 'half', failure: { code: 'UPSTREAM_RESET' } })
    expect(await collect(call({ path: '/next' }))).toMatchObject({ body: 'ok' })
  })
})
