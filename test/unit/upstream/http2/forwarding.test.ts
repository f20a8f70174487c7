// A request to a target of HTTP/2: what arrives there, and what comes back.
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { BodyStream } from '../../../../src/exchange.ts'
import { bodyOf, collect, createExchange, eventually, failureOf, turns } from '../rig.ts'
import { startHttp2Service } from './http2-target.ts'

describe('a request over HTTP/2', () => {
  it('has its Host as authority, lower-case names and nothing of a connection', async () => {
    const { target, call } = await startHttp2Service((stream) => stream.end('ok'))
    const headers = [
      'Host',
      'gw.test',
      'X-One',
      'a',
      'Connection',
      'x',
      'x-one',
      'b',
      'Transfer-Encoding',
      'chunked',
    ]
    expect(await collect(call({ path: '/a?b', headers }))).toMatchObject({ status: 200, body: 'ok' })
    expect(target.seen[0]!.raw).toEqual([
      ...[':method', 'GET', ':scheme', 'http', ':authority', 'gw.test', ':path', '/a?b'],
      ...['x-one', 'a', 'x-one', 'b', 'te', 'trailers'],
    ])
  })

  it('brings its body at the pace of the target, and its end', async () => {
    const { call } = await startHttp2Service((stream) => {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => stream.end(String(Buffer.concat(chunks).length)))
    })
    const body = bodyOf(Readable.from(Array.from({ length: 64 }, () => Buffer.alloc(64 * 1024, 'x'))))
    expect(await collect(call({ method: 'POST', body }))).toMatchObject({ body: String(4 * 1024 ** 2) })
  })

  it('brings the trailers that the client announced', async () => {
    const { call } = await startHttp2Service((stream) => {
      stream.on('trailers', (trailers) => stream.end(JSON.stringify(trailers)))
      stream.resume()
    })
    const source: BodyStream = Object.assign(Readable.from([Buffer.from('x')]), {
      trailers: () => ['X-Sum', 'abc', 'x-sum', 'def'],
    })
    const answer = await collect(call({ method: 'POST', body: bodyOf(source) }))
    expect(JSON.parse(answer.body)).toEqual({ 'x-sum': 'abc, def' })
  })

  it('whose client breaks off is cancelled, not ended', async () => {
    const { target, call } = await startHttp2Service((stream) => stream.resume())
    const source = new Readable({ read() {} })
    const answering = failureOf(call({ method: 'POST', body: bodyOf(source) }))
    source.push('half')
    await eventually(() => target.seen.length === 1)
    source.destroy(new Error('gone'))
    expect(await answering).toMatchObject({ code: 'UPSTREAM_RESET' })
    await eventually(() => target.seen[0]!.stream.destroyed)
    expect(target.seen[0]!.stream.rstCode).toBe(8)
  })

  it('that its client gives up is cancelled at the target, and the connection goes on', async () => {
    const { target, call } = await startHttp2Service((stream, headers) => {
      if (headers[':path'] === '/x') stream.respond()
      else stream.end('next')
    })
    const exchange = createExchange()
    await call({ exchange })
    exchange.abort.abort(new Error('gone'))
    await eventually(() => target.seen[0]!.stream.destroyed)
    expect(target.seen[0]!.stream.rstCode).toBe(8)
    expect(await collect(call({ path: '/next' }))).toMatchObject({ body: 'next' })
    expect(target.sessions).toHaveLength(1)
  })
})

describe('a response over HTTP/2', () => {
  it('keeps doubled fields apart, and obs-text as it is', async () => {
    const { call } = await startHttp2Service((stream) => {
      stream.respond({ ':status': 201, 'set-cookie': ['a=1', 'b=2'], 'x-text': 'caf\xe9' })
      stream.end()
    })
    const answer = await collect(call())
    expect(answer.status).toBe(201)
    expect(answer.pairs.slice(0, 6)).toEqual(['set-cookie', 'a=1', 'set-cookie', 'b=2', 'x-text', 'caf\xe9'])
  })

  it('has its trailers, and may have nothing but a head', async () => {
    const { call } = await startHttp2Service((stream, headers) => {
      if (headers[':path'] === '/only') {
        stream.respond({ ':status': 200, 'grpc-status': '5' }, { endStream: true })
        return
      }
      stream.respond({}, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-bin': ['YQ', 'Yg'] }))
      stream.end('body')
    })
    const whole = await collect(call())
    expect(whole).toMatchObject({ body: 'body', failure: undefined })
    expect(whole.trailers).toEqual(['grpc-status', '0', 'x-bin', 'YQ', 'x-bin', 'Yg'])
    const only = await collect(call({ path: '/only' }))
    expect(only).toMatchObject({ body: '', trailers: [], failure: undefined })
    expect(only.pairs).toContain('grpc-status')
  })

  it('may come after others that only inform', async () => {
    const { call } = await startHttp2Service((stream) => {
      stream.additionalHeaders({ ':status': 103, link: '</a.css>' })
      stream.respond({ ':status': 200 })
      stream.end('final')
    })
    const informed: unknown[] = []
    const exchange = createExchange({
      inform: ({ status, headers }) => informed.push([status, headers.get('link')]),
    })
    expect(await collect(call({ exchange }))).toMatchObject({ status: 200, body: 'final' })
    expect(informed).toEqual([[103, '</a.css>']])
  })

  it('may come before the request has ended, and both go on', async () => {
    const { call } = await startHttp2Service((stream) => {
      stream.respond()
      stream.pipe(stream)
    })
    const source = new Readable({ read() {} })
    const response = await call({ method: 'POST', body: bodyOf(source) })
    const got: string[] = []
    const ended = new Promise<void>((resolve) =>
      response.body.stream({
        write: (chunk) => got.push(chunk.toString()) > 0,
        end: () => resolve(),
        fail: () => resolve(),
      }),
    )
    for (const word of ['one', 'two', 'three']) {
      source.push(word)
      await eventually(() => got.join('').endsWith(word))
    }
    source.push(null)
    await ended
    expect(got).toEqual(['one', 'two', 'three'])
  })

  it('whose reader is slow holds the target back', async () => {
    let written = 0
    const { call } = await startHttp2Service((stream) => {
      const chunk = Buffer.alloc(16 * 1024)
      const fill = () => {
        while (written < 64 * 1024 ** 2) {
          written += chunk.length
          if (!stream.write(chunk)) return
        }
        stream.end()
      }
      stream.on('drain', fill)
      fill()
    })
    const response = await call()
    response.body.stream({ write: () => false, end: () => {}, fail: () => {} })
    let before = -1
    while (before !== written) {
      before = written
      await turns(200)
    }
    expect(written).toBeLessThan(2 * 1024 ** 2)
    response.body.discard()
  })

  it('that is silent for too long is cut, unless it is the client that takes nothing', async () => {
    const { call } = await startHttp2Service((stream) => {
      stream.respond()
      stream.write(Buffer.alloc(300_000))
    })
    const idle = await collect(call({ idleTimeoutMs: 50 }))
    expect(idle.failure).toMatchObject({ code: 'UPSTREAM_TIMEOUT' })
  })
})
