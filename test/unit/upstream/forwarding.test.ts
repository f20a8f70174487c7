// One request to a real target and its response back: what must arrive there and here as it was sent.
import { Readable } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startTarget, type TargetServer } from '../../support/target-server.ts'
import { bodyOf, collect, createRequest, eventually, startRaw, startService, targets, turns } from './rig.ts'

async function start(answer?: Parameters<typeof startTarget>[0]) {
  const target = await startTarget(answer)
  onTestFinished(() => target.close())
  return { target, rig: startService({ targets: targets(target.url) }) }
}

/** Header pairs of a request without those that the connection adds. */
function sentPairs({ seen }: TargetServer): string[][] {
  const raw = seen.at(-1)!.rawHeaders
  return raw.flatMap((name, at) => (at % 2 === 0 && name !== 'connection' ? [[name, raw[at + 1]!]] : []))
}

describe('the request', () => {
  it('arrives with method, path, query and headers as they are', async () => {
    const { target, rig } = await start()
    const headers = [
      'Host',
      'gw.test',
      'X-B',
      '1',
      'x-a',
      '2',
      'X-B',
      '3',
      'Cookie',
      'a=1',
      'X-Latin',
      'caf\u00e9',
    ]
    await collect(rig.service.call(createRequest({ path: '/a%20b?x=%zz&&y', headers })))
    expect(target.seen).toMatchObject([{ method: 'GET', url: '/a%20b?x=%zz&&y' }])
    expect(sentPairs(target)).toEqual([
      ...[
        ['Host', 'gw.test'],
        ['X-B', '1'],
        ['x-a', '2'],
        ['X-B', '3'],
        ['Cookie', 'a=1'],
        ['X-Latin', 'caf\u00e9'],
      ],
    ])
  })

  it.each(['POST', 'PUT', 'PATCH', 'DELETE', 'GET', 'OPTIONS', 'PROPFIND', 'QUERY'])(
    'of the method %s brings its body, with its length',
    async (method) => {
      const { target, rig } = await start()
      const headers = ['Host', 'gw.test', 'Content-Length', '3']
      await collect(rig.service.call(createRequest({ method, headers, body: bodyOf('a\xffc') })))
      expect(target.seen).toMatchObject([{ method, body: 'a\xffc', headers: { 'content-length': '3' } }])
    },
  )

  it('brings a body of unknown length in chunks', async () => {
    const { target, rig } = await start()
    const body = new Readable({ read() {} })
    const calling = rig.service.call(createRequest({ method: 'POST', body: bodyOf(body) }))
    body.push('ab')
    await turns()
    body.push('c')
    body.push(null)
    await collect(calling)
    expect(target.seen).toMatchObject([{ body: 'abc', headers: { 'transfer-encoding': 'chunked' } }])
  })

  it('without a body says so where a body is expected', async () => {
    const { target, rig } = await start()
    await collect(
      rig.service.call(createRequest({ method: 'POST', headers: ['Host', 'x', 'Content-Length', '0'] })),
    )
    expect(target.seen).toMatchObject([{ body: '', headers: { 'content-length': '0' } }])
  })

  it('carries the trace of the attempt instead of any other', async () => {
    const { target, rig } = await start()
    rig.trace = ['traceparent', 'ours', 'tracestate', 't=1']
    const headers = ['Host', 'x', 'TraceParent', 'theirs', 'tracestate', 'theirs', 'X-A', '1']
    const request = createRequest({ headers })
    await collect(rig.service.call(request))
    expect(sentPairs(target)).toEqual([
      ['Host', 'x'],
      ['X-A', '1'],
      ['traceparent', 'ours'],
      ['tracestate', 't=1'],
    ])
    expect(request.headers.pairs).toBe(headers)
  })
})

describe('the response', () => {
  it('comes back with status, headers and body as they are', async () => {
    const { rig } = await start((_request, response) => {
      response.sendDate = false
      response.writeHead(202, [
        'X-B',
        '1',
        'x-a',
        'caf\u00e9',
        'X-B',
        '2',
        'Set-Cookie',
        'a=1',
        'Set-Cookie',
        'b=2',
      ])
      response.end(Buffer.from([0, 128, 255]))
    })
    const { status, pairs, body, trailers, failure } = await collect(rig.service.call(createRequest()))
    expect([status, body, trailers, failure]).toEqual([202, '\x00\x80\xff', [], undefined])
    expect(pairs).toEqual([
      ...['X-B', '1', 'x-a', 'caf\u00e9', 'X-B', '2', 'Set-Cookie', 'a=1', 'Set-Cookie', 'b=2'],
    ])
  })

  it('is whole when it came in one piece, and can then be sent in one write', async () => {
    const { rig } = await start((_request, response) => void response.end('small'))
    const { body } = await rig.service.call(createRequest())
    await eventually(() => body.complete !== undefined)
    expect(Buffer.concat([...body.complete!]).toString()).toBe('small')
  })

  it('streams what comes later, in order', async () => {
    const target = await startRaw(
      (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nab'),
    )
    const { service } = startService({ targets: targets(target.url) })
    const response = await service.call(createRequest())
    expect(response.body.complete).toBeUndefined()
    const collecting = collect(response)
    target.accepted[0]!.write('cd')
    await turns()
    target.accepted[0]!.write('ef')
    expect((await collecting).body).toBe('abcdef')
  })

  it('brings its trailers, and is then not sent in one write', async () => {
    const { rig } = await start((_request, response) => {
      response.writeHead(200, { trailer: 'X-Sum' })
      response.write('abc')
      response.addTrailers({ 'X-Sum': '6', 'grpc-status': '0' })
      response.end()
    })
    const response = await rig.service.call(createRequest())
    await turns()
    expect(response.body.complete).toBeUndefined()
    const { body, trailers, pairs } = await collect(response)
    expect([body, trailers]).toEqual(['abc', ['X-Sum', '6', 'grpc-status', '0']])
    expect(pairs).not.toContain('Trailer')
  })

  it('304 keeps its Content-Length and the connection', async () => {
    const { target, rig } = await start((_request, response) => {
      response.writeHead(304, { etag: '"x"', 'content-length': '1234' })
      response.end()
    })
    for (let time = 0; time < 2; time++) {
      const { status, pairs, body, failure } = await collect(rig.service.call(createRequest()))
      expect([status, body, failure]).toEqual([304, '', undefined])
      expect(pairs).toContain('1234')
    }
    expect(target.seen).toHaveLength(2)
  })

  it('to HEAD keeps its length, and five of them need one connection', async () => {
    const { target, rig } = await start((_request, response) => {
      response.writeHead(200, { 'content-length': '1234' })
      response.end()
    })
    for (let time = 0; time < 5; time++) {
      const { pairs, body } = await collect(rig.service.call(createRequest({ method: 'HEAD' })))
      expect(body).toBe('')
      expect(pairs).toContain('1234')
      await turns(3)
    }
    expect(target.seen.map(({ method }) => method)).toEqual(['HEAD', 'HEAD', 'HEAD', 'HEAD', 'HEAD'])
    expect(target.connections()).toBe(1)
  })

  it('of HTTP/1.0 ends with the connection', async () => {
    const target = await startRaw((socket) => void socket.end('HTTP/1.0 200 OK\r\nX-A: 1\r\n\r\nabc'))
    const { service } = startService({ targets: targets(target.url) })
    expect(await collect(service.call(createRequest()))).toMatchObject({
      status: 200,
      body: 'abc',
      failure: undefined,
    })
  })
})

describe('an attempt', () => {
  it('is noted with target, status and time, and its span is ended once', async () => {
    const { target, rig } = await start()
    await rig.clock.advance(100)
    const request = createRequest()
    await collect(rig.service.call(request))
    const attempt = { target: target.url, startedAt: 100, durationMs: 0, status: 200, error: undefined }
    expect(request.exchange.attempts).toEqual([attempt])
    expect(rig.ended).toEqual([attempt])
    expect(rig.started.map(({ url }) => url)).toEqual([target.url])
  })

  it('is pending until the last byte of the body', async () => {
    const target = await startRaw(
      (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab'),
    )
    const { service } = startService({ targets: targets(target.url) })
    const collecting = collect(service.call(createRequest()))
    await eventually(() => target.requests.length === 1)
    await turns()
    expect(service.targets[0]!.pending).toBe(1)
    target.accepted[0]!.write('c')
    await collecting
    expect(service.targets[0]!.pending).toBe(0)
  })
})
