// Heads and trailers of a response: what belongs to the connection ends at the gateway.
import { describe, expect, it } from 'vitest'
import { collect, createRequest, startRaw, startService, targets } from './rig.ts'

describe('what belongs to the connection', () => {
  it('is not passed on, nor what Connection names, and the process lives', async () => {
    const target = await startRaw(
      (socket) =>
        void socket.write(
          [
            'HTTP/1.1 200 OK',
            'Connection: X-Hop, keep-alive',
            'connection: x-other',
            'X-Hop: secret',
            'X-OTHER: secret',
            'Keep-Alive: timeout=5',
            'Proxy-Authenticate: Basic',
            'Proxy-Connection: keep-alive',
            'TE: trailers',
            'Trailer: a',
            'Upgrade: h2c',
            'X-Kept: 1',
            'Content-Length: 2',
            '',
            'ok',
          ].join('\r\n'),
        ),
    )
    const { service } = startService({ targets: targets(target.url) })
    const { status, pairs, body } = await collect(service.call(createRequest()))
    expect([status, pairs, body]).toEqual([200, ['X-Kept', '1', 'Content-Length', '2'], 'ok'])
  })

  it('names nothing away by close and keep-alive', async () => {
    const target = await startRaw(
      (socket) =>
        void socket.end(
          'HTTP/1.1 200 OK\r\nConnection: close, , keep-alive\r\nClose: 1\r\nContent-Length: 0\r\n\r\n',
        ),
    )
    const { service } = startService({ targets: targets(target.url) })
    expect((await collect(service.call(createRequest()))).pairs).toEqual([
      'Close',
      '1',
      'Content-Length',
      '0',
    ])
  })

  it('chunked is undone, in any case', async () => {
    const target = await startRaw(
      (socket) =>
        void socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n3;ext=1\r\nabc\r\n0\r\n\r\n'),
    )
    const { service } = startService({ targets: targets(target.url) })
    expect(await collect(service.call(createRequest()))).toMatchObject({ pairs: [], body: 'abc' })
  })
})

describe('trailers', () => {
  const trailing = (...lines: string[]) =>
    `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n${lines.join('\r\n')}\r\n\r\n`

  it('that would frame or route the message are not passed on (RFC 9110 section 6.5.1)', async () => {
    const lines = [
      'Transfer-Encoding: gzip',
      'X-Sum: caf\xe9',
      'Connection: close',
      'HOST: x',
      'Trailer: y',
      'X-Sum: 2',
    ]
    const target = await startRaw((socket) => void socket.write(trailing(...lines), 'latin1'))
    const { service } = startService({ targets: targets(target.url) })
    expect(await collect(service.call(createRequest()))).toMatchObject({
      body: 'abc',
      trailers: ['X-Sum', 'caf\xe9', 'X-Sum', '2'],
      failure: undefined,
    })
  })

  it.each(['Content-Length: 5', 'X-A: a\x07b', 'X A: 1', `X-A: ${'a'.repeat(40_000)}`])(
    'that are none break the body off: %j',
    async (line) => {
      const target = await startRaw((socket) => void socket.write(trailing(line), 'latin1'))
      const { service } = startService({ targets: targets(target.url) })
      const { body, trailers, failure } = await collect(service.call(createRequest()))
      expect([body, trailers, failure?.code]).toEqual(['abc', [], 'UPSTREAM_INVALID_RESPONSE'])
    },
  )
})
