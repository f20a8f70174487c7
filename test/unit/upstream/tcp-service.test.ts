// Connections to tcp:// targets: who is picked, what is passed over, what is said to the target first.
import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { Turn } from '../../../src/turn.ts'
import type { DialRequest } from '../../../src/upstream/dial.ts'
import type { ServiceSettings } from '../../../src/upstream/settings.ts'
import { createTcpService } from '../../../src/upstream/tcp-service.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { eventually, SETTINGS, targets } from './rig.ts'

const cleanups: (() => void)[] = []
const EJECTION = { failures: 2, successRate: 0, windowMs: 1000, minimum: 100, baseMs: 1000, maxMs: 1000 }

afterEach(() => {
  for (const clean of cleanups.splice(0)) clean()
})

describe('dialling', () => {
  it('connects, counts the connection while it is open, and leaves the rest to the caller', async () => {
    const target = await startTcp()
    const { service, dial } = start({ targets: targets(target.url) })
    const { socket, target: reached, attempts } = await dial()
    expect([reached, attempts, service.targets[0]!.pending]).toEqual([target.url, 1, 1])
    socket.end('hello')
    const accepted = await target.accepted(1)
    expect(String((await once(accepted, 'data'))[0])).toBe('hello')
    accepted.end()
    socket.resume()
    await eventually(() => service.targets[0]!.pending === 0)
  })

  it('passes over targets that refuse, and soon does not try them any more', async () => {
    const [alive, dead] = [await startTcp(), await startTcp()]
    await dead.close()
    const { service, dial, logged } = start({
      targets: targets(dead.url, alive.url),
      ejection: EJECTION,
      balance: 'roundRobin',
    })
    const attempts: number[] = []
    for (let time = 0; time < 8; time++) attempts.push((await dial()).attempts)
    expect(attempts).toEqual([2, 1, 2, 1, 1, 1, 1, 1])
    expect(service.targets[0]!.isAvailable()).toBe(false)
    expect(logged).toContain('target ejected after failures')
  })

  it('says why when all targets refuse, each tried once', async () => {
    const dead = [await startTcp(), await startTcp()]
    for (const one of dead) await one.close()
    const { dial } = start({ targets: targets(...dead.map(({ url }) => url)) })
    await expect(dial()).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' })
  })

  it('gives up after five targets', async () => {
    const dead = await startTcp()
    await dead.close()
    const names = Array.from({ length: 8 }, (_, at) => `tcp://127.0.0.${at + 1}:${dead.port}`)
    const { service, dial } = start({ targets: targets(...names) })
    await expect(dial()).rejects.toMatchObject({ code: 'UPSTREAM_UNREACHABLE' })
    expect(service.targets.filter(({ latencyMs }) => latencyMs > 1000)).toHaveLength(5)
  })

  it('waits no longer than the connect timeout', async () => {
    const target = await startTcp()
    const waits: number[] = []
    // Over before the event loop turns, and so before any connection can be made.
    const clock = Object.assign(new FakeClock(), {
      after(ms: number, run: () => void) {
        waits.push(ms)
        queueMicrotask(run)
        return { cancel() {} }
      },
    })
    const { dial } = start({ targets: targets(target.url) }, clock)
    await expect(dial()).rejects.toMatchObject({ code: 'UPSTREAM_CONNECT_TIMEOUT', unprocessed: true })
    expect(waits).toEqual([SETTINGS.connections.connectTimeoutMs])
  })

  it('refuses when every target holds as many connections as it may', async () => {
    const target = await startTcp()
    const { dial } = start({ targets: targets(target.url), connections: { ...SETTINGS.connections, max: 2 } })
    await dial()
    await dial()
    await expect(dial()).rejects.toMatchObject({ code: 'UPSTREAM_QUEUE_FULL' })
  })

  it('blames nobody when the client goes away meanwhile', async () => {
    const target = await startTcp()
    const { service, dial } = start({ targets: targets(target.url), ejection: { ...EJECTION, failures: 1 } })
    const abort = new AbortController()
    const waiting = dial({ signal: abort.signal })
    abort.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'CLIENT_CLOSED' })
    expect([service.targets[0]!.pending, service.targets[0]!.isAvailable()]).toEqual([0, true])
  })

  it('prefers the target with fewer connections, however fast each was reached', async () => {
    const both = [await startTcp(), await startTcp()]
    const { service, dial } = start({ targets: targets(...both.map(({ url }) => url)) })
    for (let time = 0; time < 10; time++) await dial()
    expect(service.targets.map(({ pending }) => pending)).toEqual([5, 5])
  })

  it.each([
    ['v1', /^PROXY TCP4 192\.0\.2\.7 198\.51\.100\.1 5000 443\r\nhello$/],
    ['v2', /^\r\n\r\n\0\r\nQUIT\n.*hello$/s],
  ] as const)('says who the client is first with proxyProtocol %s', async (proxyProtocol, expected) => {
    const target = await startTcp()
    const { dial } = start({ targets: targets(target.url), proxyProtocol })
    const { socket } = await dial()
    socket.end('hello')
    const accepted = await target.accepted(1)
    let text = ''
    for await (const chunk of accepted) text += (chunk as Buffer).toString('latin1')
    expect(text).toMatch(expected)
  })
})

describe('the health check of a TCP target', () => {
  const health = { path: '', everyMs: 1000, timeoutMs: 5000, healthy: 1, unhealthy: 1 }

  it('is a connection', async () => {
    const target = await startTcp()
    const { service, clock } = start({ targets: targets(target.url), health })
    await target.accepted(1)
    await eventually(() => clock.timers === 1)
    expect(service.targets[0]!.healthy).toBe(true)
    await target.close()
    await clock.advance(1000)
    await eventually(() => !service.targets[0]!.healthy)
    await service.close()
    expect(clock.timers).toBe(0)
  })

  it('says that nobody is behind it, where a header is expected', async () => {
    const target = await startTcp()
    const { service } = start({ targets: targets(target.url), health, proxyProtocol: 'v1' })
    const [header] = (await once(await target.accepted(1), 'data')) as [Buffer]
    expect(header.toString()).toBe('PROXY UNKNOWN\r\n')
    await service.close()
  })
})

function start(settings: Partial<ServiceSettings>, clock = new FakeClock()) {
  const logged: string[] = []
  const note = (_facts: object, message: string) => void logged.push(message)
  const service = createTcpService(
    { ...SETTINGS, ...settings },
    {
      clock,
      random: () => 0,
      logger: { debug: note, info: note, warn: note, error: note },
      observer: { start: () => ({ headers: [], end: () => {} }) },
      turn: new Turn(),
    },
  )
  const dial = async (request: Partial<DialRequest> = {}) => {
    const dialled = await service.dial({
      clientIp: '192.0.2.7',
      connection: {
        sourceAddress: '192.0.2.7',
        sourcePort: 5000,
        destinationAddress: '198.51.100.1',
        destinationPort: 443,
      },
      signal: new AbortController().signal,
      ...request,
    })
    cleanups.push(() => dialled.socket.destroy())
    return dialled
  }
  return { service, clock, logged, dial }
}

async function startTcp() {
  const sockets: Socket[] = []
  const server: Server = createServer((socket) => {
    socket.on('error', () => {})
    sockets.push(socket)
  })
  server.listen(0, '0.0.0.0')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = () => {
    for (const socket of sockets) socket.destroy()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  }
  cleanups.push(() => void close())
  return {
    url: `tcp://127.0.0.1:${port}`,
    port,
    close,
    /** The connection of this number, counted from 1. */
    async accepted(number: number): Promise<Socket> {
      await eventually(() => sockets.length >= number)
      return sockets[number - 1]!
    },
  }
}
