// Plain TCP through a whole gateway: real protocols, dead targets, limits, resets, reload and drain.
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Redis } from 'ioredis'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { NOBODY } from '../support/nobody.ts'
import { startRedis } from '../support/redis.ts'
import { connectTo, echo, received, refusalAt, startTcpTarget } from '../support/tcp-target.ts'

let gateway: TestGateway
let stopped = false

afterEach(async () => {
  if (!stopped) await gateway.stop()
  stopped = false
})

const config = (
  targets: readonly string[],
  { listener = '', service = '', root = '', timeout = '100ms' } = {},
) => `
listeners:
  db:
    address: 127.0.0.1:0
    protocol: tcp
    service: db
${listener}
services:
  db:
    targets: [${targets.join(', ')}]
${service}
drain: { delay: 0s, timeout: ${timeout} }
${root}
`

async function start(...written: Parameters<typeof config>): Promise<string> {
  gateway = await startTestGateway(config(...written))
  return gateway.gateway.addresses.listeners['db']!
}

const lines = () => gateway.log.filter(({ msg }) => msg === 'connection')

async function metric(name: string, labels: string): Promise<number> {
  const found = (await gateway.metrics()).split('\n').find((line) => line.startsWith(`${name}{${labels}}`))
  return Number(found?.split(' ').at(-1) ?? 0)
}

describe('a tcp listener', () => {
  it('carries a Redis and its client', async () => {
    const server = await startRedis()
    onTestFinished(() => server.stop())
    const url = await start([`tcp://127.0.0.1:${server.port}`])
    const client = new Redis(Number(new URL(url).port), '127.0.0.1')
    await client.set('key', 'x'.repeat(200_000))
    expect((await client.get('key'))?.length).toBe(200_000)
    await client.quit()
    await expect.poll(lines).toHaveLength(1)
    expect(lines()[0]).toMatchObject({
      listener: 'db',
      service: 'db',
      clientIp: '127.0.0.1',
      target: `tcp://127.0.0.1:${server.port}`,
    })
    expect(lines()[0]).not.toHaveProperty('cause')
    expect(lines()[0]!['bytesIn']).toBeGreaterThan(200_000)
    expect(await metric('gateway_tcp_connections_total', 'listener="db",service="db",cause="OK"')).toBe(1)
  })

  it('counts what is open and the bytes of it while it is open', async () => {
    const target = await startTcpTarget()
    const client = await connectTo(await start([target.url]))
    client.write('hello')
    expect(String((await once(client, 'data'))[0])).toBe('hello')
    expect(await metric('gateway_tcp_open_connections', 'listener="db"')).toBe(1)
    expect(await metric('gateway_tcp_received_bytes_total', 'listener="db"')).toBe(5)
    expect(await metric('gateway_tcp_sent_bytes_total', 'listener="db"')).toBe(5)
    client.end()
    await expect.poll(() => metric('gateway_tcp_open_connections', 'listener="db"')).toBe(0)
    expect(await metric('gateway_tcp_sent_bytes_total', 'listener="db"')).toBe(5)
  })

  it('keeps one way open when the other has ended', async () => {
    const target = await startTcpTarget((socket) => {
      let asked = ''
      socket.on('data', (chunk) => {
        asked += chunk
      })
      socket.on('end', () => socket.end(`you said ${asked}`))
    })
    const client = await connectTo(await start([target.url]))
    client.end('my whole question')
    expect(await received(client)).toEqual({ text: 'you said my whole question', error: undefined })
  })

  it('passes a reset on', async () => {
    const target = await startTcpTarget((socket) => socket.once('data', () => socket.resetAndDestroy()))
    const client = await connectTo(await start([target.url]))
    client.write('x')
    expect((await received(client)).error).toBe('ECONNRESET')
    await expect.poll(lines).toMatchObject([{ cause: 'TARGET_RESET' }])
  })

  it('reads no faster than the client does', async () => {
    const chunk = Buffer.alloc(1 << 20)
    let written = 0
    const target = await startTcpTarget((socket) => {
      const more = (): void => {
        while (written < 256 && socket.write(chunk)) written++
      }
      socket.on('drain', () => {
        written++
        more()
      })
      more()
    })
    const client = await connectTo(await start([target.url]))
    client.pause()
    await expect.poll(() => target.accepted[0]?.writableLength ?? 0).toBeGreaterThan(0)
    let seen = -1
    const moves = () => {
      const before = seen
      seen = written
      return before !== written
    }
    // All buffers on the way are full.
    await expect.poll(moves, { interval: 300 }).toBe(false)
    expect(written).toBeLessThan(64)
  })
})

describe('one dead target of three', () => {
  it('costs no client its connection', async () => {
    const [one, other] = [await startTcpTarget(), await startTcpTarget()]
    const url = await start([`tcp://${NOBODY}`, one.url, other.url])
    for (let batch = 0; batch < 20; batch++) {
      const clients = await Promise.all(Array.from({ length: 10 }, () => connectTo(url)))
      const answers = clients.map((client) => {
        client.end('ping')
        return received(client)
      })
      for (const answer of await Promise.all(answers))
        expect(answer).toEqual({ text: 'ping', error: undefined })
    }
    await expect.poll(() => lines().length).toBe(200)
  })
})

describe('no target at all', () => {
  it('is a reset, with the reason in the log', async () => {
    expect(await refusalAt(await start([`tcp://${NOBODY}`]))).toBe('ECONNRESET')
    await expect.poll(lines).toMatchObject([{ cause: 'UPSTREAM_UNREACHABLE', bytesIn: 0 }])
  })
})

describe('limits', () => {
  it.each([
    ['ADDRESS_FULL', '    connections: { perAddress: 2 }'],
    ['LISTENER_FULL', '    connections: { max: 2 }'],
  ])('of connections reset one more, and only while they are open: %s', async (cause, listener) => {
    const target = await startTcpTarget()
    const url = await start([target.url], { listener })
    const [first] = [await connectTo(url), await connectTo(url)] as [Socket, Socket]
    await expect.poll(() => target.accepted.length).toBe(2)
    expect(await refusalAt(url)).toBe('ECONNRESET')
    await expect.poll(lines).toMatchObject([{ cause }])
    first.resume().end()
    await expect.poll(() => lines().length).toBe(2)
    const next = await connectTo(url)
    next.end('ping')
    expect((await received(next)).text).toBe('ping')
  })

  it.each([
    ['allow', '    allow: [192.0.2.0/24]'],
    ['deny', '    deny: [127.0.0.0/8]'],
  ])('of addresses reset strangers before any target hears of them: %s', async (_key, listener) => {
    const target = await startTcpTarget()
    expect(await refusalAt(await start([target.url], { listener }))).toBe('ECONNRESET')
    await expect.poll(lines).toMatchObject([{ cause: 'ADDRESS_FORBIDDEN', clientIp: '127.0.0.1' }])
    expect(target.accepted).toEqual([])
  })

  it.each([
    ['IDLE_TIMEOUT', 'idle: 50ms'],
    ['LIFETIME_REACHED', 'lifetime: 50ms'],
  ])('of time end a connection: %s', async (cause, timeout) => {
    const target = await startTcpTarget()
    const client = await connectTo(await start([target.url], { listener: `    timeouts: { ${timeout} }` }))
    expect((await received(client)).error).toBe('ECONNRESET')
    await expect.poll(lines).toMatchObject([{ cause }])
  })
})

describe('proxyProtocol', () => {
  it.each(['v1', 'v2'] as const)('%s tells the target who the client is', async (version) => {
    const target = await startTcpTarget()
    const url = await start([target.url], { service: `    proxyProtocol: ${version}` })
    const client = await connectTo(url)
    const { localPort } = client
    client.end('hello')
    const { text } = await received(client)
    const { port } = new URL(url)
    if (version === 'v1') expect(text).toBe(`PROXY TCP4 127.0.0.1 127.0.0.1 ${localPort} ${port}\r\nhello`)
    else {
      const bytes = Buffer.from(text, 'latin1')
      expect(bytes.subarray(12, 16).toString('hex')).toBe('2111000c')
      expect([...bytes.subarray(16, 24)]).toEqual([127, 0, 0, 1, 127, 0, 0, 1])
      expect([bytes.readUInt16BE(24), bytes.readUInt16BE(26)]).toEqual([localPort, Number(port)])
      expect(bytes.subarray(28).toString()).toBe('hello')
    }
  })
})

describe('behind a trusted proxy', () => {
  const behindProxy = {
    listener: '    proxyProtocol: true\n    deny: [192.0.2.66]',
    service: '    proxyProtocol: v1',
    root: 'trustProxy: [127.0.0.1]',
  }

  it('the client is whom the PROXY header names, for the limits, the log and the target', async () => {
    const target = await startTcpTarget()
    const client = await connectTo(await start([target.url], behindProxy))
    client.end('PROXY TCP4 192.0.2.7 198.51.100.1 5000 443\r\nhello')
    expect((await received(client)).text).toBe('PROXY TCP4 192.0.2.7 198.51.100.1 5000 443\r\nhello')
    await expect.poll(lines).toMatchObject([{ clientIp: '192.0.2.7', bytesIn: 5 }])
  })

  it('a client that may not connect is refused by the name that the header gives it', async () => {
    const target = await startTcpTarget()
    const client = await connectTo(await start([target.url], behindProxy))
    client.write('PROXY TCP4 192.0.2.66 198.51.100.1 5000 443\r\nhello')
    expect((await received(client)).error).toBe('ECONNRESET')
    await expect.poll(lines).toMatchObject([{ cause: 'ADDRESS_FORBIDDEN', clientIp: '192.0.2.66' }])
    expect(target.accepted).toEqual([])
  })
})

describe('a reload', () => {
  it('moves new connections, and leaves open ones where they are', async () => {
    const answering = (name: string) => (socket: Socket) => void socket.on('data', () => socket.write(name))
    const [old, next] = [await startTcpTarget(answering('old')), await startTcpTarget(answering('new'))]
    const url = await start([old.url])
    const ask = async (client: Socket) => {
      client.write('?')
      return String((await once(client, 'data'))[0])
    }
    const open = await connectTo(url)
    expect(await ask(open)).toBe('old')
    expect((await gateway.reload(config([next.url]))).result).toBe('applied')
    expect(await ask(await connectTo(url))).toBe('new')
    expect(await ask(open)).toBe('old')
  })
})

describe('a drain', () => {
  it('waits for open connections, takes no new ones, and cuts what is left at its deadline', async () => {
    const target = await startTcpTarget(echo)
    const url = await start([target.url], { timeout: '3s' })
    const [leaving, staying] = [await connectTo(url), await connectTo(url)]
    await expect.poll(() => target.accepted.length).toBe(2)
    const ends = received(staying)
    stopped = true
    const stopping = gateway.stop()
    await expect
      .poll(() =>
        connectTo(url).then(
          () => 'connected',
          ({ code }) => code,
        ),
      )
      .toBe('ECONNREFUSED')
    leaving.end('still here')
    expect(await received(leaving)).toEqual({ text: 'still here', error: undefined })
    await stopping
    expect((await ends).error).toBe('ECONNRESET')
    expect(lines().map(({ cause }) => cause)).toEqual([undefined, 'DRAINED'])
  })
})
