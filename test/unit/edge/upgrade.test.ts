// Upgrades on a real front: which requests become one, and the response that each is given.
import type { Duplex } from 'node:stream'
import { describe, expect, it } from 'vitest'
import type { ClientRequest, ClientResponse } from '../../../src/edge/client-request.ts'
import { HeaderList } from '../../../src/headers.ts'
import { startFront } from './fronts.ts'
import { eventually, RawClient } from './wire.ts'

interface Served {
  readonly raw: ClientRequest
  readonly response: ClientResponse
}

const closing = (response: ClientResponse) => new Promise<void>((resolve) => response.on('close', resolve))

async function start() {
  const served: Served[] = []
  const { port } = await startFront((raw, response) => void served.push({ raw, response }))
  return { served, client: () => RawClient.connect(port) }
}

const ask = (upgrade: string, version = '1.1') =>
  `GET /x HTTP/${version}\r\nHost: gw.test\r\nConnection: Upgrade\r\n${upgrade}\r\n`

describe('a request', () => {
  it.each([
    ['Upgrade: websocket\r\n', true],
    ['Upgrade: WebSocket\r\n', true],
    ['Upgrade: h2c, websocket\r\n', true],
    ['Upgrade: h2c\r\nUpgrade: websocket\r\n', true],
    ['Upgrade: h2c\r\n', false],
    ['Upgrade: websockets\r\n', false],
    ['Upgrade: x-websocket\r\n', false],
    ['', false],
  ])('with %j asks for WebSocket: %s', async (field, asks) => {
    const { served, client } = await start()
    const one = await client()
    one.write(ask(field))
    await eventually(() => served.length === 1)
    expect(served[0]!.raw.upgrade).toBe(asks)
  })

  it.each([
    ['Connection: keep-alive, Upgrade\r\n', true],
    ['Connection: keep-alive\r\nConnection: upgrade\r\n', true],
    ['Connection: keep-alive\r\n', false],
    ['Connection: x-upgrade\r\n', false],
    ['', false],
  ])('asks for it of this connection, with %j: %s', async (field, asks) => {
    const { served, client } = await start()
    const one = await client()
    one.write(`GET /x HTTP/1.1\r\nHost: gw.test\r\n${field}Upgrade: websocket\r\n\r\n`)
    await eventually(() => served.length === 1)
    expect(served[0]!.raw.upgrade).toBe(asks)
  })

  it('of HTTP/1.0 asks for nothing', async () => {
    const { served, client } = await start()
    const one = await client()
    one.write(ask('Upgrade: websocket\r\n', '1.0'))
    await eventually(() => served.length === 1)
    expect(served[0]!.raw.upgrade).toBe(false)
  })

  it('on a connection that was used before is an upgrade all the same', async () => {
    const { served, client } = await start()
    const one = await client()
    one.write('GET /first HTTP/1.1\r\nHost: gw.test\r\n\r\n')
    await eventually(() => served.length === 1)
    served[0]!.response.end('first', 'latin1')
    await one.until((text) => text.includes('first'))
    one.write(ask('Upgrade: websocket\r\n'))
    await eventually(() => served.length === 2)
    expect(served[1]!.raw.upgrade).toBe(true)
  })
})

describe('the response to an upgrade', () => {
  async function asked() {
    const { served, client } = await start()
    const one = await client()
    one.write(`${ask('Upgrade: websocket\r\n')}early bytes`)
    await eventually(() => served.length === 1)
    return { client: one, ...served[0]! }
  }

  it('may be a refusal of any size: it is whole, it is the last, and it is over', async () => {
    const { client, response } = await asked()
    const closed = closing(response)
    response.writeHead(403, 'Forbidden', ['Content-Length', '500000'])
    let drained = 0
    response.on('drain', () => drained++)
    response.write(Buffer.alloc(250_000))
    await eventually(() => drained > 0)
    response.end(Buffer.alloc(250_000))
    await closed
    const received = await client.ended()
    expect(received).toMatch(/^HTTP\/1.1 403 Forbidden\r\n[\s\S]*Connection: close\r\n/)
    expect(received).toHaveLength(received.indexOf('\r\n\r\n') + 4 + 500_000)
    expect(response.writableFinished).toBe(true)
    client.socket.end()
    await eventually(() => client.socket.destroyed)
  })

  it('switches the protocol: the early bytes come first, and the connection speaks freely', async () => {
    const { client, response } = await asked()
    const tunnel = response.switchProtocols(new HeaderList(['Sec-WebSocket-Accept', 'x']))
    const received: string[] = []
    tunnel.on('data', (chunk) => received.push(chunk.toString())).resume()
    await eventually(() => received.join('') === 'early bytes')
    client.write(' and later ones')
    await eventually(() => received.join('') === 'early bytes and later ones')
    tunnel.write('free speech')
    const answer = await client.until((text) => text.endsWith('free speech'))
    expect(answer).toMatch(/^HTTP\/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\n/)
    expect(answer).toMatch(/\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n/)
    expect(answer).not.toMatch(/content-length|transfer-encoding/i)
  })

  it('is over when the client ends its side before the answer', async () => {
    const { served, client } = await start()
    const one = await client()
    one.write(ask('Upgrade: websocket\r\n'))
    await eventually(() => served.length === 1)
    const closed = closing(served[0]!.response)
    one.socket.end()
    await closed
    expect(served[0]!.response.writableFinished).toBe(false)
  })

  it('is closed with its connection, and a reset ends nothing else', async () => {
    const { client, response } = await asked()
    const tunnel: Duplex = response.switchProtocols(new HeaderList())
    let closed = false
    response.on('close', () => {
      closed = true
    })
    tunnel.resume()
    client.socket.resetAndDestroy()
    await eventually(() => closed)
    expect(tunnel.destroyed).toBe(true)
  })
})
