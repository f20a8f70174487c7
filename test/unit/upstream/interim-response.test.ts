// Informational responses before the answer: tolerated however they are cut into packets.
import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import {
  bodyOf,
  collect,
  createExchange,
  createRequest,
  eventually,
  failureOf,
  startRaw,
  startService,
  targets,
  turns,
} from './rig.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

/** A service behind a target that answers in these packets. */
async function start(...packets: string[]) {
  const target = await startRaw((socket) => void writeApart(socket, packets))
  return { target, ...startService({ targets: targets(target.url) }) }
}

async function writeApart(socket: Socket, packets: readonly string[]): Promise<void> {
  socket.setNoDelay(true)
  for (const packet of packets) {
    socket.write(packet, 'latin1')
    await turns(3)
  }
}

describe('100 Continue before the answer', () => {
  it.each([
    ['in one packet with it', [CONTINUE + OK]],
    ['in a packet of its own', [CONTINUE, OK]],
    ['twice', [CONTINUE + CONTINUE, OK]],
    ['twice, in packets of their own', [CONTINUE, CONTINUE, OK]],
    ['with headers', [`HTTP/1.1 100 Continue\r\nX-A: 1\r\n\r\n${OK}`]],
    ['without a reason', [`HTTP/1.1 100\r\n\r\n${OK}`]],
    ['byte by byte', [...(CONTINUE + OK)]],
  ])('%s is passed over', async (_how, packets) => {
    const { service } = await start(...packets)
    expect(await collect(service.call(createRequest()))).toMatchObject({ status: 200, body: 'ok' })
  })

  it.each(Array.from({ length: CONTINUE.length + 5 }, (_, at) => at + 1))(
    'is passed over when it is cut after byte %d',
    async (at) => {
      const bytes = CONTINUE + OK
      const { service } = await start(bytes.slice(0, at), bytes.slice(at))
      expect(await collect(service.call(createRequest()))).toMatchObject({ status: 200, body: 'ok' })
    },
  )

  it('is passed over on every request of a connection, with bodies as well', async () => {
    const { service, target } = await start(CONTINUE, OK)
    for (let time = 0; time < 3; time++) {
      const request = createRequest({
        method: 'POST',
        headers: ['Host', 'x', 'Content-Length', '3'],
        body: bodyOf('abc'),
      })
      expect(await collect(service.call(request))).toMatchObject({ status: 200, body: 'ok' })
      await turns(5)
    }
    expect(target.accepted).toHaveLength(1)
    expect(target.requests).toHaveLength(3)
  })

  it('alone, and then the end, is a broken connection', async () => {
    const target = await startRaw((socket) => void socket.end(CONTINUE))
    const { service } = startService({ targets: targets(target.url) })
    expect(await failureOf(service.call(createRequest()))).toMatchObject({
      code: 'UPSTREAM_RESET',
      unprocessed: false,
    })
  })

  it('cut short, and then the end, is a broken connection', async () => {
    const target = await startRaw((socket) => void socket.end('HTTP/1.1 100 Cont'))
    const { service } = startService({ targets: targets(target.url) })
    expect((await failureOf(service.call(createRequest()))).code).toBe('UPSTREAM_RESET')
  })

  it('without end is refused, not collected', async () => {
    const target = await startRaw(
      (socket) => void socket.write(`HTTP/1.1 100 Continue\r\nX-A: ${'a'.repeat(100_000)}`),
    )
    const { service } = startService({ targets: targets(target.url) })
    expect((await failureOf(service.call(createRequest()))).status).toBe(502)
  })
})

describe('other informational responses', () => {
  it.each([
    ['103', ['HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n', OK]],
    ['102', [`HTTP/1.1 102 Processing\r\n\r\n${OK}`]],
    ['100 and 103', [`${CONTINUE}HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`]],
    ['103 and 100', [`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${CONTINUE}${OK}`]],
    ['103 and 100, apart', ['HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n', CONTINUE, OK]],
  ])('%s are passed on, and none of their headers is taken for one of the answer', async (which, packets) => {
    const { service } = await start(...packets)
    const exchange = createExchange()
    const { status, body, pairs } = await collect(service.call(createRequest({ exchange })))
    expect([status, body, pairs]).toEqual([200, 'ok', ['Content-Length', '2']])
    expect(exchange.informed).toEqual([which === '102' ? [102] : [103, 'Link', '</a>']])
  })

  it('are passed on without what belongs to the connection', async () => {
    const { service } = await start(
      `HTTP/1.1 103 Early Hints\r\nConnection: X-A\r\nX-A: 1\r\nX-B: 2\r\n\r\n${OK}`,
    )
    const exchange = createExchange()
    await collect(service.call(createRequest({ exchange })))
    expect(exchange.informed).toEqual([[103, 'X-B', '2']])
  })

  it('are passed on up to 16 times', async () => {
    const { service } = await start('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(50) + OK)
    const exchange = createExchange()
    expect((await collect(service.call(createRequest({ exchange })))).status).toBe(200)
    expect(exchange.informed).toHaveLength(16)
  })

  it('without end are no answer', async () => {
    const { service, target } = await start('HTTP/1.1 103 Early Hints\r\n\r\n'.repeat(65) + OK)
    expect((await failureOf(service.call(createRequest()))).code).toBe('UPSTREAM_INVALID_RESPONSE')
    await eventually(() => target.accepted[0]!.destroyed)
  })

  it('that announce a body have none', async () => {
    const { service } = await start(`HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n${OK}`)
    const exchange = createExchange()
    expect((await collect(service.call(createRequest({ exchange })))).body).toBe('ok')
    expect(exchange.informed).toEqual([[103]])
  })
})

describe('bytes that only look like it', () => {
  it('in a body are left alone', async () => {
    const body = `${CONTINUE}HTTP/1.1 100`
    const { service } = await start(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`, body)
    expect((await collect(service.call(createRequest()))).body).toBe(body)
  })

  it('of another status are left to the parser', async () => {
    const { service } = await start(
      'HTTP/1.1 10',
      '1 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n',
    )
    expect((await failureOf(service.call(createRequest()))).status).toBe(502)
  })
})
