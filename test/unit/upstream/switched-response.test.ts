// A target's answer to an upgrade: proven, or no answer at all; and what becomes of the connection.
import { once } from 'node:events'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { createServer } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { GatewayError } from '../../../src/errors.ts'
import { makeCertificate, trusting } from './certificates.ts'
import {
  asked,
  closed,
  collect,
  createExchange,
  createRequest,
  failureOf,
  startRaw,
  startService,
  targets,
  turns,
} from './rig.ts'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const ACCEPT = 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='
const SWITCH = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${ACCEPT}`]

const head = (...fields: string[]) => `HTTP/1.1 101 Switching Protocols\r\n${fields.join('\r\n')}\r\n\r\n`

/** A service whose target answers so; `call` asks it for a WebSocket. */
async function start(answer: string, ...offers: string[]) {
  const target = await startRaw((socket) => void socket.write(answer, 'latin1'))
  const rig = startService({ targets: targets(target.url) })
  const exchange = createExchange({ upgrade: { protocol: 'websocket', limits: undefined } })
  const headers = ['Host', 'gw.test', 'Sec-WebSocket-Key', KEY, 'Sec-WebSocket-Version', '13', ...offers]
  return { target, ...rig, rig, exchange, call: () => rig.service.call(createRequest({ exchange, headers })) }
}

async function read(tunnel: Duplex, text: string): Promise<void> {
  let received = ''
  tunnel.on('data', (chunk) => {
    received += chunk.toString('latin1')
  })
  tunnel.resume()
  await expect.poll(() => received).toBe(text)
}

async function writeApart(socket: Socket, bytes: string): Promise<void> {
  for (const byte of bytes) {
    socket.write(byte)
    await turns(1)
  }
}

describe('a switch', () => {
  it('is asked for as the client did, and answered by a head and a connection', async () => {
    const { target, call } = await start(`${head(...SWITCH, 'X-A: 1', 'Content-Length: 9')}first frame`)
    const { status, headers, body, tunnel } = await call()
    expect(target.requests[0]).toMatch(/Connection: upgrade\r\nUpgrade: websocket\r\n/)
    expect(target.requests[0]).toContain(`Sec-WebSocket-Key: ${KEY}`)
    expect(status).toBe(101)
    expect(headers.pairs).toEqual(['Sec-WebSocket-Accept', ACCEPT, 'X-A', '1'])
    expect(body.complete).toEqual([])
    await read(tunnel!, 'first frame')
    tunnel!.destroy()
  })

  it('is whole however it is cut, whatever follows', async () => {
    const bytes = `${head(...SWITCH)}HTTP/1.1 100 is no head any more`
    const target = await startRaw((socket) => void writeApart(socket, bytes))
    const { service } = startService({ targets: targets(target.url) })
    const exchange = createExchange({ upgrade: { protocol: 'websocket', limits: undefined } })
    const response = await service.call(
      createRequest({ exchange, headers: ['Host', 'x', 'Sec-WebSocket-Key', KEY] }),
    )
    await read(response.tunnel!, 'HTTP/1.1 100 is no head any more')
    response.tunnel!.destroy()
  })

  it('counts as one answered request, which holds no place at the target any longer', async () => {
    const { call, service, rig } = await start(head(...SWITCH))
    const { tunnel } = await call()
    expect(service.targets[0]!.pending).toBe(0)
    expect(rig.ended).toMatchObject([{ status: 101, error: undefined }])
    tunnel!.destroy()
  })

  it('that nobody wants any more is closed', async () => {
    const { call, target } = await start(head(...SWITCH))
    const { body } = await call()
    body.discard()
    await closed(target)
  })

  it('carries the subprotocol and the extensions that were offered', async () => {
    const { call } = await start(
      head(...SWITCH, 'Sec-WebSocket-Protocol: v2', 'Sec-WebSocket-Extensions: permessage-deflate; x=1'),
      ...['Sec-WebSocket-Protocol', 'v1, v2', 'Sec-WebSocket-Extensions', 'foo, permessage-deflate; y'],
    )
    const { status, tunnel } = await call()
    expect(status).toBe(101)
    tunnel!.destroy()
  })
})

describe('a target that would rather speak HTTP/2', () => {
  it('is asked on a connection of its own that speaks HTTP/1.1', async () => {
    const { cert, key } = makeCertificate(['127.0.0.1'])
    const spoken: (string | false | null)[] = []
    const server = createServer({ cert, key, ALPNProtocols: ['h2', 'http/1.1'] }, (socket) => {
      spoken.push(socket.alpnProtocol)
      socket.on('error', () => {})
      socket.once('data', () => socket.write(head(...SWITCH)))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    const { port } = server.address() as AddressInfo
    const { service } = startService({
      targets: targets(`https://127.0.0.1:${port}`),
      tls: trusting({ cert }),
    })
    const exchange = createExchange({ upgrade: { protocol: 'websocket', limits: undefined } })
    const headers = ['Host', 'x', 'Sec-WebSocket-Key', KEY]
    const { status, tunnel } = await service.call(createRequest({ exchange, headers }))
    expect([status, spoken]).toEqual([101, ['http/1.1']])
    tunnel!.destroy()
  })
})

describe('what is no switch', () => {
  it.each([
    ['no proof', SWITCH.slice(0, 2)],
    ['a wrong proof', [...SWITCH.slice(0, 2), 'Sec-WebSocket-Accept: AAAA']],
    ['two proofs', [...SWITCH, `Sec-WebSocket-Accept: ${ACCEPT}`]],
    ['another protocol', ['Upgrade: h2c', ...SWITCH.slice(1)]],
    ['two protocols', ['Upgrade: websocket, h2c', ...SWITCH.slice(1)]],
    ['no protocol', SWITCH.slice(1)],
    ['a protocol that Connection does not name', [SWITCH[0]!, 'Connection: keep-alive', SWITCH[2]!]],
    ['a subprotocol that nobody named', [...SWITCH, 'Sec-WebSocket-Protocol: v3']],
    ['two subprotocols', [...SWITCH, 'Sec-WebSocket-Protocol: v1', 'Sec-WebSocket-Protocol: v2']],
    ['an extension that nobody named', [...SWITCH, 'Sec-WebSocket-Extensions: permessage-deflate']],
  ])('a 101 with %s is an invalid response, and closed', async (_name, fields) => {
    const { call, target, rig } = await start(head(...fields), 'Sec-WebSocket-Protocol', 'v1, v2')
    expect(await failureOf(call())).toMatchObject({ code: 'UPSTREAM_INVALID_RESPONSE', status: 502 })
    await closed(target)
    expect(rig.ended).toMatchObject([{ status: 0, error: { code: 'UPSTREAM_INVALID_RESPONSE' } }])
  })

  it.each([200, 403, 426])('a %d is an answer like any other', async (status) => {
    const { call } = await start(
      `HTTP/1.1 ${status} X\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\nno`,
    )
    const response = await call()
    expect(response.tunnel).toBeUndefined()
    expect(await collect(response)).toMatchObject({ status, body: 'no' })
  })

  it('a client that goes away meanwhile ends the handshake', async () => {
    const { call, target, exchange } = await start('')
    const calling = failureOf(call())
    await asked(target)
    exchange.abort.abort(new GatewayError('CLIENT_CLOSED'))
    expect(await calling).toMatchObject({ code: 'CLIENT_CLOSED' })
    await closed(target)
  })
})
