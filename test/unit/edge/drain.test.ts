// The end of a front on real connections: nobody who was accepted is lost, and it does end.

import { once } from 'node:events'
import { connect as connectHttp2 } from 'node:http2'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import type { ClientResponse } from '../../../src/edge/client-request.ts'
import { type DrainOptions, drain } from '../../../src/edge/drain.ts'
import type { ListenerSettings } from '../../../src/edge/front.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { startFront } from './fronts.ts'
import { eventually, RawClient } from './wire.ts'

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n'

async function start(settings: Partial<ListenerSettings> = {}) {
  const clock = new FakeClock()
  const waiting: ClientResponse[] = []
  let inFlight = 0
  const { front, port } = await startFront((_request, response) => {
    inFlight++
    response.on('close', () => inFlight--)
    waiting.push(response)
  }, settings)
  const options: DrainOptions = {
    front,
    clock,
    inFlight: () => inFlight,
    closeTunnels: async () => {},
    delayMs: 1000,
    timeoutMs: 10_000,
  }
  return { clock, waiting, port, options }
}

/** Starts draining; `clean` is what it resolved with, `undefined` before. */
function begin(options: DrainOptions): {
  readonly clean: boolean | undefined
  readonly done: Promise<boolean>
} {
  const state: { clean: boolean | undefined; done: Promise<boolean> } = {
    clean: undefined,
    done: drain(options).then((clean) => {
      state.clean = clean
      return clean
    }),
  }
  return state
}

describe('draining HTTP/2', () => {
  it('tells its clients at once, serves what they send all the same, and refuses streams when the port closes', async () => {
    const { clock, waiting, port, options } = await start({ protocol: 'h2c' })
    const session = connectHttp2(`http://127.0.0.1:${port}`)
    session.on('error', () => {})
    const goaways: number[] = []
    session.on('goaway', (_code, lastStream) => goaways.push(lastStream))
    const first = session.request({ ':path': '/1' })
    await eventually(() => waiting.length === 1)
    const draining = begin(options)
    await eventually(() => goaways.length === 1)
    // Not yet the last word: what is on its way meanwhile is served.
    expect(goaways).toEqual([2 ** 31 - 1])
    await clock.advance(1000)
    await eventually(() => goaways.length === 2)
    expect(goaways[1]).toBe(first.id)
    expect(draining.clean).toBeUndefined()
    waiting[0]!.writeHead(200, undefined, [])
    waiting[0]!.end('one', 'latin1')
    let body = ''
    first.setEncoding('utf8').on('data', (chunk) => {
      body += chunk
    })
    await once(first, 'end')
    expect(body).toBe('one')
    await clock.advance(1000)
    expect(await draining.done).toBe(true)
    await eventually(() => session.closed || session.destroyed)
  })

  it('ends sessions that idle', async () => {
    const { clock, port, options } = await start({ protocol: 'h2c' })
    const session = connectHttp2(`http://127.0.0.1:${port}`)
    await once(session, 'remoteSettings')
    const draining = begin({ ...options, delayMs: 0 })
    await once(session, 'close')
    await clock.advance(1000)
    expect(await draining.done).toBe(true)
  })
})

describe('draining', () => {
  it('takes new connections for a while, then no more', async () => {
    const { clock, port, options, waiting } = await start()
    const draining = begin(options)
    await clock.advance(999)
    const late = await RawClient.connect(port)
    late.write(GET)
    await eventually(() => waiting.length === 1)
    await clock.advance(1)
    const [error] = await once(connect(port, '127.0.0.1'), 'error')
    expect(error.code).toBe('ECONNREFUSED')
    waiting[0]!.end('ok', 'latin1')
    await late.until((received) => received.endsWith('ok\r\n0\r\n\r\n') || received.endsWith('ok'))
    await clock.advance(1000)
    expect(await draining.done).toBe(true)
  })

  it('waits for exchanges in flight, also on connections that idled when it began', async () => {
    const { clock, port, options, waiting } = await start()
    const idle = await RawClient.connect(port)
    const busy = await RawClient.connect(port)
    busy.write(GET)
    await eventually(() => waiting.length === 1)
    const draining = begin(options)
    await clock.advance(5000)
    expect(draining.clean).toBeUndefined()
    waiting[0]!.end('one', 'latin1')
    await busy.until((received) => received.includes('one'))
    await clock.advance(200)
    expect(draining.clean).toBeUndefined()
    idle.write(GET)
    await eventually(() => waiting.length === 2)
    await clock.advance(1000)
    expect(draining.clean).toBeUndefined()
    waiting[1]!.end('two', 'latin1')
    await idle.until((received) => received.includes('two'))
    await clock.advance(1000)
    expect(await draining.done).toBe(true)
  })

  it('closes what idles after a quiet while', async () => {
    const { clock, port, options } = await start()
    const idle = await RawClient.connect(port)
    const draining = begin({ ...options, delayMs: 0 })
    await clock.advance(200)
    expect(draining.clean).toBeUndefined()
    expect(idle.socket.destroyed).toBe(false)
    await clock.advance(100)
    expect(await draining.done).toBe(true)
    await idle.ended()
  })

  it('cuts what has not ended when the time is up, and says so', async () => {
    const { clock, port, options, waiting } = await start()
    const client = await RawClient.connect(port)
    client.write(GET)
    await eventually(() => waiting.length === 1)
    const draining = begin(options)
    await clock.advance(10_999)
    expect(draining.clean).toBeUndefined()
    await clock.advance(50)
    expect(await draining.done).toBe(false)
    expect(await client.ended()).toBe('')
  })

  it('leaves no timer behind', async () => {
    const { clock, options } = await start()
    const draining = begin(options)
    await clock.advance(2000)
    expect(await draining.done).toBe(true)
    expect(clock.timers).toBe(0)
  })
})
