// The examples of connections: TCP with its limits, and the PROXY protocol from a balancer and to a target.
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect } from 'node:tls'
import { describe, expect, it, onTestFinished } from 'vitest'
import { encodeProxyHeader } from '../../src/proxy-protocol.ts'
import { readProxyHeader } from '../../src/read-proxy-header.ts'
import { type Example, startExample } from '../support/example.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'
import { connectTo, received, refusalAt, startTcpTarget } from '../support/tcp-target.ts'

describe('tcp.yaml', () => {
  /** What a target expects that is told who connects: the header, whatever the client says, and an answer to it. */
  function database(socket: Socket): void {
    let heard = Buffer.alloc(0)
    socket.on('data', (bytes: Buffer) => {
      heard = Buffer.concat([heard, bytes])
      const header = readProxyHeader(heard)
      if (header.kind !== 'header' || heard.length === header.length) return
      const { sourceAddress, sourcePort } = header.connection ?? { sourceAddress: 'nobody', sourcePort: 0 }
      socket.end(`${heard.subarray(header.length)} from ${sourceAddress}:${sourcePort}`)
    })
  }

  it('carries what a client says to a target that learns who it is, and the answer back', async () => {
    const targets = [await startTcpTarget(database), await startTcpTarget(database)]
    const example = await startExample('tcp.yaml', {
      targets: ({ name }) => (name === 'postgres' ? targets.map(({ url }) => url) : undefined),
    })
    const client = await connectTo(example.url('postgres'))
    const { localPort } = client
    client.end('hello')
    expect(await received(client)).toEqual({ text: `hello from 127.0.0.1:${localPort}`, error: undefined })
  })

  it('passes over a target that is not there', async () => {
    const [gone, left] = [await startTcpTarget(), await startTcpTarget(database)]
    await gone.close()
    const example = await startExample('tcp.yaml', {
      targets: ({ name }) => (name === 'postgres' ? [gone.url, left.url] : undefined),
    })
    for (let client = 0; client < 4; client++) {
      const socket = await connectTo(example.url('postgres'))
      socket.end('hello')
      expect((await received(socket)).text).toMatch(/^hello from 127\.0\.0\.1:/)
    }
  })

  it('resets the client that is one too many of its address, and serves the others on', async () => {
    const target = await startTcpTarget(database)
    const example = await startExample('tcp.yaml', {
      targets: ({ name }) => (name === 'postgres' ? [target.url] : undefined),
    })
    const clients = await Promise.all(Array.from({ length: 200 }, () => connectTo(example.url('postgres'))))
    // One more is the health check.
    await expect.poll(() => target.accepted.length).toBeGreaterThan(200)
    expect(await refusalAt(example.url('postgres'))).toBe('ECONNRESET')
    for (const client of clients) client.end('hello')
    for (const { text } of await Promise.all(clients.map(received))) expect(text).toMatch(/^hello from /)
  })
})

describe('proxy-protocol.yaml', () => {
  const REQUEST = 'GET /orders/1 HTTP/1.1\r\nHost: api.example.com\r\nConnection: close\r\n\r\n'
  const header = (version: 'v1' | 'v2', sourceAddress: string) =>
    encodeProxyHeader(version, {
      sourceAddress,
      sourcePort: 5000,
      destinationAddress: '192.0.2.1',
      destinationPort: 443,
    })

  async function start(trustProxy?: readonly string[]): Promise<{ example: Example; target: TargetServer }> {
    const target = await startTarget()
    onTestFinished(target.close)
    const example = await startExample('proxy-protocol.yaml', {
      targets: () => [target.url],
      ...(trustProxy ? { trustProxy } : {}),
    })
    return { example, target }
  }

  it.each(['v1', 'v2'] as const)('takes the client from the header: %s', async (version) => {
    const { example, target } = await start(['127.0.0.0/8'])
    const known = await connectTo(example.url('balanced'))
    known.write(Buffer.concat([header(version, '198.51.100.7'), Buffer.from(REQUEST)]))
    expect((await received(known)).text).toMatch(/^HTTP\/1\.1 200 /)
    expect(target.seen[0]!.headers['x-forwarded-for']).toBe('198.51.100.7')
    const denied = await connectTo(example.url('balanced'))
    denied.write(Buffer.concat([header(version, '203.0.113.7'), Buffer.from(REQUEST)]))
    expect((await received(denied)).text).toMatch(/^HTTP\/1\.1 403 /)
    expect(target.seen).toHaveLength(1)
  })

  it('takes it in front of TLS as well', async () => {
    const { example, target } = await start(['127.0.0.0/8'])
    const socket = await connectTo(example.url('balancedTls'))
    socket.write(header('v2', '198.51.100.8'))
    const secure = connect({ socket, servername: 'api.example.com', rejectUnauthorized: false })
    await once(secure, 'secureConnect')
    secure.write(REQUEST)
    expect((await received(secure)).text).toMatch(/^HTTP\/1\.1 200 /)
    expect(target.seen[0]!.headers).toMatchObject({
      'x-forwarded-for': '198.51.100.8',
      'x-forwarded-proto': 'https',
    })
  })

  it('lets nobody in but the networks of the balancers', async () => {
    const { example, target } = await start()
    const stranger = await connectTo(example.url('balanced'))
    stranger.write(Buffer.concat([header('v2', '198.51.100.7'), Buffer.from(REQUEST)]))
    expect((await received(stranger)).text).toBe('')
    expect(target.seen).toEqual([])
  })
})
