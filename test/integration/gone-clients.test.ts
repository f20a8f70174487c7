// Clients that leave while their request, or its answer, waits for its turn: nothing is done for them any more.
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Http2Response } from '../../src/edge/http2/http2-response.ts'
import { OpenByGeneration } from '../../src/open-by-generation.ts'
import { Turn } from '../../src/turn.ts'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { ERROR, FrameClient } from '../support/http2-frame-client.ts'
import { FLAG, headers, rst } from '../support/http2-frames.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'

let target: TargetServer
let gateway: TestGateway

beforeEach(async () => {
  target = await startTarget()
  gateway = await startTestGateway(`
listeners: { clear: { address: 127.0.0.1:0, protocol: h2c } }
services:
  api:
    targets: [${target.url}]
    routes:
      limited: { match: /limited, rateLimit: { limit: 1/h, by: ip } }
      events: /events
`)
})

afterEach(async () => {
  vi.restoreAllMocks()
  await gateway.stop()
  await target.close()
})

/** As if the turn of the event loop did not come to its end: what waits for it is kept here. */
function hold(phase: 'decide' | 'send'): (() => void)[] {
  const held: (() => void)[] = []
  vi.spyOn(Turn.prototype, phase).mockImplementation((run) => void held.push(run))
  return held
}

it('a request whose client left before it was decided takes no permit and is not sent', async () => {
  const held = hold('decide')
  const responses = vi.spyOn(Http2Response.prototype, 'on').mock.contexts
  const client = await FrameClient.connect(
    Number(new URL(gateway.gateway.addresses.listeners['clear']!).port),
  )
  client.send(headers(1, [...GET, ':path', '/limited'], FLAG.endHeaders | FLAG.endStream))
  await expect.poll(() => held.length).toBe(1)
  // Between a reset and the end of its stream the exchange has not heard of it.
  const decided = new Promise<void>((resolve) => {
    ;(responses[0] as Http2Response).on('aborted' as 'close', () => {
      held[0]!()
      resolve()
    })
  })
  client.send(rst(1, ERROR.cancel))
  await decided
  vi.restoreAllMocks()
  expect((await gateway.get('/limited')).status).toBe(200)
  expect(target.seen).toHaveLength(1)
  client.close()
})

it('an event stream whose client left before its head was sent is not kept as one that is open', async () => {
  target.answer = (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('data: 1\n\n')
  }
  const opened = vi.spyOn(OpenByGeneration.prototype, 'add')
  const held = hold('send')
  const client = connect(gateway.port, '127.0.0.1')
  await once(client, 'connect')
  client.write('GET /events HTTP/1.1\r\nHost: gw.test\r\n\r\n')
  // The request to the service, and then the answer to the client.
  await expect.poll(() => held.length).toBe(1)
  held[0]!()
  await expect.poll(() => held.length).toBe(2)
  client.destroy()
  await expect.poll(() => gateway.log.some((line) => line['cause'] === 'CLIENT_CLOSED')).toBe(true)
  held[1]!()
  expect(opened).not.toHaveBeenCalled()
})

const GET = [':method', 'GET', ':scheme', 'http', ':authority', 'gw.test']
