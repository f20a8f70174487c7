// Clients that ask and take nothing: what waits for them is bounded in time and in number, whatever its size.
import type { ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { sendRaw } from '../support/http-client.ts'
import { FrameClient } from '../support/http2-frame-client.ts'
import { FLAG, frame, headerBlock, TYPE } from '../support/http2-frames.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'

const SMALL = 'x'.repeat(10_000)
const SETTINGS_INITIAL_WINDOW_SIZE = 4
const INTERNAL_ERROR = 2

let target: TargetServer
let gateway: TestGateway

beforeAll(async () => {
  target = await startTarget()
  gateway = await startTestGateway(`
accessLog: false
limits: { writeTimeout: 1s }
listeners: { h2: { protocol: h2c, address: "127.0.0.1:0" } }
services:
  api: { targets: ["${target.url}"], routes: { all: /* } }
`)
})

afterAll(async () => {
  await gateway.stop()
  await target.close()
})

const inFlight = async () => /gateway_requests_in_flight (\d+)/.exec(await gateway.metrics())?.[1]

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`

describe('small answers that nobody takes', () => {
  it.each([
    ['with a body', SMALL],
    ['without one', ''],
  ])('%s end with their streams over HTTP/2', async (_name, body) => {
    target.answer = (_request, response) => void response.end(body)
    const { port } = new URL(gateway.gateway.addresses.listeners['h2']!)
    const client = await FrameClient.connect(Number(port), { pairs: [[SETTINGS_INITIAL_WINDOW_SIZE, 0]] })
    const head = headerBlock([':method', 'GET', ':scheme', 'http', ':path', '/x', ':authority', 'gw.test'])
    for (let stream = 1; stream < 100; stream += 2) {
      client.send(frame(TYPE.headers, FLAG.endStream | FLAG.endHeaders, stream, head))
    }
    await expect.poll(() => client.status(99)).toBe(200)
    await expect.poll(inFlight).toBe('0')
    expect(client.reset(99)).toBe(body === '' ? undefined : INTERNAL_ERROR)
    client.close()
  })
})

describe('requests in one packet', () => {
  it('are served one after the other, all of them', async () => {
    target.seen.length = 0
    let [atOnce, most] = [0, 0]
    target.answer = (_request, response) => {
      most = Math.max(most, ++atOnce)
      setImmediate(() => {
        atOnce--
        response.end('ok')
      })
    }
    const paths = Array.from({ length: 200 }, (_, at) => get(`/${at}`)).join('')
    const received = await sendRaw(
      gateway.port,
      `${paths}GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
    )
    expect(received.match(/HTTP\/1\.1 200/g)).toHaveLength(201)
    expect(target.seen).toHaveLength(201)
    expect(most).toBe(1)
  })

  it.each([
    ['plain ones', get('/x')],
    [
      'ones that wait to be asked for a body',
      'POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na',
    ],
    ['ones that no route of the framework takes', 'TRACE /x HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('stay with their client while the first has no answer: %s', async (_name, flood) => {
    let held: ServerResponse | undefined
    target.answer = (_request, response) => {
      held = response
    }
    target.seen.length = 0
    const socket = connect(gateway.port, '127.0.0.1').on('error', () => {})
    // More than the kernel holds for both ends.
    socket.write(get('/held') + flood.repeat(500_000))
    await expect.poll(() => held).toBeDefined()
    await expect.poll(inFlight).toBe('1')
    socket.destroy()
    target.answer = (_request, response) => void response.end()
    held!.end()
    await expect.poll(inFlight).toBe('0')
    // What one read has brought, and a head more.
    expect(target.seen.length).toBeLessThan(5000)
  })

  it('may be more when they come as they are answered', async () => {
    target.answer = (_request, response) => void response.end('ok')
    const socket = connect(gateway.port, '127.0.0.1')
    let received = ''
    for (let batch = 1; batch <= 5; batch++) {
      socket.write(get('/x').repeat(60))
      socket.on('data', (chunk) => {
        received += chunk
      })
      await expect.poll(() => received.match(/HTTP\/1\.1 200/g)?.length).toBe(batch * 60)
      socket.removeAllListeners('data')
    }
    socket.destroy()
  })
})
