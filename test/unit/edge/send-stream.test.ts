// A body that streams to the client: chunks, trailers, backpressure and cuts.
import { describe, expect, it } from 'vitest'
import { TurnShare } from '../../../src/edge/turn-share.ts'
import { HeaderList } from '../../../src/headers.ts'
import { GatewayError } from '../../../src/plugin.ts'
import { answerTo, FedBody, get, latin1, receive } from './answers.ts'
import { eventually, turns } from './wire.ts'

describe('a body that streams', () => {
  it('goes out in chunks as it comes, counted', async () => {
    const arrived = await get()
    const body = new FedBody()
    const { sent } = answerTo(arrived, { body })
    await arrived.client.until((received) => received.includes('\r\n\r\n'))
    body.sink!.write(latin1)
    await arrived.client.until((received) => received.includes(latin1.toString('latin1')))
    expect(sent.bytes).toBe(256)
    body.sink!.write(Buffer.from('abc'))
    body.sink!.end([])
    const received = await receive(arrived)
    expect(received.head).toContain('Transfer-Encoding: chunked')
    expect(received.body).toBe(`100\r\n${latin1.toString('latin1')}\r\n3\r\nabc\r\n0\r\n\r\n`)
    expect(sent.bytes).toBe(259)
  })

  it('rests when enough has gone out in this turn, and goes on in a later one', async () => {
    const arrived = await get()
    const next: (() => void)[] = []
    const share = new TurnShare((run) => next.push(run))
    const body = new FedBody()
    answerTo(arrived, { body }, { turns: share })
    expect(body.sink!.write(Buffer.from('abc'))).toBe(true)
    share.spend(1024 * 1024, () => {})
    expect(body.sink!.write(Buffer.from('def'))).toBe(false)
    expect(body.resumed).toBe(0)
    for (const run of next) run()
    expect(body.resumed).toBe(1)
    body.sink!.end([])
    expect((await receive(arrived)).body).toContain('def')
  })

  it('keeps its declared length', async () => {
    const arrived = await get()
    const body = new FedBody()
    answerTo(arrived, { headers: new HeaderList(['Content-Length', '3']), body })
    body.sink!.write(Buffer.from('abc'))
    body.sink!.end([])
    const received = await receive(arrived)
    expect(received.head).not.toContain('Transfer-Encoding: chunked')
    expect(received.body).toBe('abc')
  })

  it('ends with its trailers', async () => {
    const arrived = await get()
    const body = new FedBody()
    answerTo(arrived, { body })
    body.sink!.write(Buffer.from('abc'))
    body.sink!.end(['grpc-status', '0', 'X-Sum', 'caf\u00e9', 'X-Sum', '2'])
    const received = await receive(arrived)
    expect(received.body).toBe('3\r\nabc\r\n0\r\ngrpc-status: 0\r\nX-Sum: caf\u00e9\r\nX-Sum: 2\r\n\r\n')
  })

  it('of a call of gRPC says in its trailers how it broke, and is whole otherwise', async () => {
    const arrived = await get()
    const body = new FedBody()
    const { sent } = answerTo(arrived, { body }, { grpc: 'application/grpc' })
    body.sink!.write(Buffer.from('abc'))
    body.sink!.fail(new GatewayError('UPSTREAM_TIMEOUT'))
    const received = await receive(arrived)
    expect(received.body).toContain('0\r\ngrpc-status: 4\r\ngrpc-message: ')
    expect(sent).toMatchObject({ grpcStatus: 4, failure: { code: 'UPSTREAM_TIMEOUT' } })
  })

  it.each([
    ['of a call of gRPC-Web, whose status is in the body', 'application/grpc-web', []],
    ['of a call of gRPC with a declared length', 'application/grpc', ['Content-Length', '9']],
  ])('%s, is cut when it breaks', async (_name, grpc, pairs) => {
    const arrived = await get()
    const body = new FedBody()
    answerTo(arrived, { body, headers: new HeaderList([...pairs]) }, { grpc })
    body.sink!.write(Buffer.from('abc'))
    body.sink!.fail(new GatewayError('UPSTREAM_TIMEOUT'))
    expect((await receive(arrived)).body).not.toContain('grpc-status')
  })

  it.each([
    [{ head: [], trailers: ['Grpc-Status', '5'] }, 5],
    [{ head: ['grpc-status', '7'], trailers: [] }, 7],
    [{ head: [], trailers: [] }, undefined],
  ])('of a call of gRPC is known by its status: %j', async ({ head, trailers }, expected) => {
    const arrived = await get()
    const body = new FedBody()
    const { sent } = answerTo(
      arrived,
      { body, headers: new HeaderList([...head]) },
      { grpc: 'application/grpc' },
    )
    body.sink!.end(trailers)
    await receive(arrived)
    expect(sent.grpcStatus).toBe(expected)
  })

  it('to a client of HTTP/1.0 ends with the connection', async () => {
    const arrived = await get('GET', '1.0')
    const body = new FedBody()
    answerTo(arrived, { body })
    body.sink!.write(Buffer.from('abc'))
    body.sink!.end([])
    const received = await receive(arrived)
    expect(received.head.join()).not.toContain('chunked')
    expect(received.body).toBe('abc')
  })

  it('is cut when the service fails: never a clean end', async () => {
    const arrived = await get()
    const body = new FedBody()
    answerTo(arrived, { body })
    body.sink!.write(Buffer.from('abc'))
    await arrived.client.until((received) => received.includes('abc'))
    body.sink!.fail(new GatewayError('UPSTREAM_RESET'))
    expect((await receive(arrived)).body).toBe('3\r\nabc\r\n')
  })

  it('may have failed already: the client sees no answer at all', async () => {
    const arrived = await get()
    const body = new FedBody()
    body.stream = (sink) => sink.fail(new GatewayError('UPSTREAM_RESET'))
    answerTo(arrived, { body })
    expect(await arrived.client.ended()).toBe('')
  })

  it('may have ended already', async () => {
    const arrived = await get()
    const body = new FedBody()
    body.stream = (sink) => sink.end(['X-Sum', '1'])
    answerTo(arrived, { body })
    expect((await receive(arrived)).body).toBe('0\r\nX-Sum: 1\r\n\r\n')
  })

  it('is held back by a client that does not read, and goes on when it does', async () => {
    const arrived = await get()
    arrived.client.socket.pause()
    const body = new FedBody()
    answerTo(arrived, { body })
    const feed = async () => {
      while (body.sink!.write(Buffer.alloc(16_384))) await turns(1)
      const before = body.resumed
      await turns(100)
      return body.resumed > before
    }
    while (await feed());
    const stuckAt = body.resumed
    expect(arrived.response.writableLength).toBeLessThan(1_000_000)
    arrived.client.socket.resume()
    await eventually(() => body.resumed > stuckAt)
  })

  it('to a client that is gone is no error', async () => {
    const arrived = await get()
    const body = new FedBody()
    answerTo(arrived, { body })
    arrived.client.socket.resetAndDestroy()
    await eventually(() => arrived.response.destroyed)
    body.sink!.write(Buffer.from('late'))
    body.sink!.end(['X-Late', '1'])
    body.sink!.fail(new GatewayError('UPSTREAM_RESET'))
    await turns()
    expect(arrived.response.destroyed).toBe(true)
  })
})
