// How WebSocket connections live and end: slow readers, reloads, drains, resets, silence.
import type { Socket } from 'node:net'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import type { WebSocket } from 'ws'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { send } from '../support/http-client.ts'
import { type ProcessGateway, startProcessGateway } from '../support/process-gateway.ts'
import { startRawTarget } from '../support/target-server.ts'
import {
  closeCode,
  nextMessage,
  openWebSocket,
  startWebSocketTarget,
  type WebSocketTarget,
} from '../support/web-socket.ts'

const config = (target: string, options: { plugin?: string; drain?: string; routes?: string } = {}) => `
drain: ${options.drain ?? '{ delay: 0s, timeout: 0s }'}
services:
  chat:
    targets: [${target}]
    routes:
      talk: { match: /talk, webSocket: ${options.plugin ?? 'true'} }
      ${options.routes ?? ''}
`

let gateway: TestGateway | undefined

afterEach(async () => {
  await gateway?.stop()
  gateway = undefined
})

async function start(text: string): Promise<TestGateway> {
  gateway = await startTestGateway(text)
  return gateway
}

async function inFlight(status: string): Promise<number> {
  const { body } = await send(`${status}/metrics`)
  return Number(/^gateway_requests_in_flight (\d+)/m.exec(body)?.[1])
}

/** Why each connection that is over has ended. */
const causes = ({ log }: TestGateway) => log.filter(({ status }) => status === 101).map(({ cause }) => cause)

/** The service's side of the connection that was opened last. */
async function lastClient(target: WebSocketTarget): Promise<WebSocket> {
  await expect.poll(() => target.clients.size).toBeGreaterThan(0)
  return [...target.clients].at(-1)!
}

async function startProcess(text: string): Promise<ProcessGateway> {
  const started = await startProcessGateway(text)
  onTestFinished(() => void started.child.kill('SIGKILL'))
  return started
}

async function residentBytes({ status }: ProcessGateway): Promise<number> {
  const { body } = await send(`${status}/metrics`)
  return Number(/^process_resident_memory_bytes (\S+)/m.exec(body)?.[1])
}

describe('a client that stops to read', () => {
  it('holds back its service, not the memory of the gateway', async () => {
    const target = await startWebSocketTarget({ perMessageDeflate: false }, () => {})
    const running = await startProcess(config(target.url))
    const socket = await openWebSocket(`${running.listen}/talk`, { perMessageDeflate: false })
    const talking = await lastClient(target)
    const before = await residentBytes(running)
    socket.pause()
    const flood = Buffer.alloc(1_000_000)
    for (let message = 0; message < 100; message++) talking.send(flood)
    // All that fits into buffers on the way has gone when the rest stands still.
    let held = -1
    await expect
      .poll(
        () => {
          const still = talking.bufferedAmount === held
          held = talking.bufferedAmount
          return still
        },
        { interval: 300 },
      )
      .toBe(true)
    expect(held).toBeGreaterThan(50_000_000)
    expect((await residentBytes(running)) - before).toBeLessThan(20_000_000)
    let received = 0
    socket.on('message', (message) => {
      received += (message as Buffer).length
    })
    socket.resume()
    await expect.poll(() => received, { timeout: 30_000 }).toBe(100_000_000)
  }, 60_000)
})

describe('a reload', () => {
  it('leaves open connections alone, even when their route has gone', async () => {
    const target = await startWebSocketTarget()
    const running = await start(config(target.url))
    const socket = await openWebSocket(`${running.url}/talk`)
    const without = config(target.url).replace('/talk, webSocket: true', '/other')
    expect(await running.reload(without)).toMatchObject({ result: 'applied' })
    const answer = nextMessage(socket)
    socket.send('still there?')
    expect(await answer).toBe('still there?')
    await expect(openWebSocket(`${running.url}/talk`)).rejects.toThrow('404')
    socket.close()
    expect(await closeCode(socket)).toBe(1005)
    await expect
      .poll(() => running.log.find(({ status }) => status === 101))
      .toMatchObject({ route: 'chat.talk', status: 101 })
  })
})

describe('the end of the gateway', () => {
  it('lets connections end by themselves, then closes what is left by 1001 on both sides', async () => {
    const target = await startWebSocketTarget()
    const running = await startProcess(config(target.url, { drain: '{ delay: 0s, timeout: 3s }' }))
    const sockets = await Promise.all(
      Array.from({ length: 20 }, () => openWebSocket(`${running.listen}/talk`)),
    )
    const atServices = [...target.clients].map(closeCode)
    const atClients = sockets.map(closeCode)
    const exit = running.stop()
    await expect.poll(running.stderr).toContain('draining')
    const answer = nextMessage(sockets[0]!)
    sockets[0]!.send('still served')
    expect(await answer).toBe('still served')
    expect(new Set(await Promise.all(atClients))).toEqual(new Set([1001]))
    expect(new Set(await Promise.all(atServices))).toEqual(new Set([1001]))
    expect(await exit).toBe(0)
    expect(running.stderr()).toContain('"clean":true')
  }, 30_000)

  it('does not wait for a peer that answers nothing', async () => {
    const target = await startWebSocketTarget()
    const running = await startProcess(config(target.url))
    const socket = await openWebSocket(`${running.listen}/talk`)
    socket.pause()
    const other = await lastClient(target)
    other.pause()
    expect(await running.stop()).toBe(0)
  }, 30_000)
})

describe('a connection that breaks', () => {
  it.each(['client', 'service'] as const)('at the %s leaves nothing behind', async (side) => {
    const target = await startWebSocketTarget()
    const running = await start(config(target.url))
    const sockets = await Promise.all(Array.from({ length: 20 }, () => openWebSocket(`${running.url}/talk`)))
    const broken = side === 'client' ? sockets : [...target.clients]
    const told = (side === 'client' ? [...target.clients] : sockets).map(closeCode)
    const connections = broken.map((socket) => (socket as unknown as { _socket: Socket })._socket)
    for (const connection of connections) connection.resetAndDestroy()
    // No close frame was sent by anybody, and none is made up.
    expect(new Set(await Promise.all(told))).toEqual(new Set([1006]))
    await expect.poll(() => inFlight(running.statusUrl)).toBe(0)
    expect(target.clients.size).toBe(0)
    const cause = side === 'client' ? 'CLIENT_RESET' : 'TARGET_RESET'
    await expect.poll(() => causes(running)).toEqual(Array(20).fill(cause))
    expect(await running.metrics()).toContain(
      `gateway_web_socket_connections_total{route="chat.talk",service="chat",cause="${cause}"} 20`,
    )
    const socket = await openWebSocket(`${running.url}/talk`)
    socket.close()
  })

  it('while the service thinks about the handshake ends the call to it', async () => {
    const target = await startRawTarget((socket) => socket.resume())
    onTestFinished(() => target.close())
    const running = await start(config(target.url))
    const opening = openWebSocket(`${running.url}/talk`, { handshakeTimeout: 300 })
    await expect(opening).rejects.toThrow('timed out')
    await expect.poll(() => target.sockets.size).toBe(0)
    await expect
      .poll(() => running.log.find(({ path }) => path === '/talk'))
      .toMatchObject({
        cause: 'CLIENT_CLOSED',
      })
  })
})

describe('a connection without a word', () => {
  it('is closed after the idle time', async () => {
    const target = await startWebSocketTarget()
    const running = await start(config(target.url, { plugin: '{ idle: 300ms }' }))
    const socket = await openWebSocket(`${running.url}/talk`)
    expect(await closeCode(socket)).toBe(1001)
    await expect.poll(() => causes(running)).toEqual(['IDLE_TIMEOUT'])
  })

  it('or with many is closed at the end of its life', async () => {
    const target = await startWebSocketTarget({}, (client) => {
      const timer = setInterval(() => client.send('news'), 20)
      client.on('close', () => clearInterval(timer))
    })
    const running = await start(config(target.url, { plugin: '{ lifetime: 500ms }' }))
    const socket = await openWebSocket(`${running.url}/talk`)
    expect(await closeCode(socket)).toBe(1001)
  })
})

describe('a limit of connections', () => {
  it('refuses the next one until another has ended', async () => {
    const target = await startWebSocketTarget()
    const running = await start(config(target.url, { plugin: '{ limit: 1 }' }))
    const first = await openWebSocket(`${running.url}/talk`)
    await expect(openWebSocket(`${running.url}/talk`)).rejects.toThrow('503')
    first.close()
    await closeCode(first)
    await expect
      .poll(() => openWebSocket(`${running.url}/talk`).then(() => 'open', String), { timeout: 5000 })
      .toBe('open')
  })
})
