// A request that breaks off in its body: what the client is told and what the log says of it are one and the same.
import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'

let target: TargetServer
let gateway: TestGateway

beforeAll(async () => {
  target = await startTarget()
  gateway = await startTestGateway(`
limits: { requestTimeout: 1s }
services:
  api: { targets: ["${target.url}"], routes: { all: /* } }
`)
})

afterAll(async () => {
  await gateway.stop()
  await target.close()
})

/** All that comes back, once the gateway has closed. */
async function exchange(request: string): Promise<string> {
  const socket = connect(gateway.port, '127.0.0.1')
  let text = ''
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  socket.write(request)
  await once(socket, 'end')
  socket.destroy()
  return text
}

it.each([
  ['is no chunk', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n', 400, 'BAD_REQUEST'],
  ['does not come', 'Content-Length: 10\r\n\r\nhello', 408, 'REQUEST_TIMEOUT'],
])('what %s is answered and logged alike', async (_, rest, status, code) => {
  const received = await exchange(`POST /half HTTP/1.1\r\nHost: gw.test\r\n${rest}`)
  const [head, body] = received.split('\r\n\r\n') as [string, string]
  expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
  const problem = JSON.parse(body)
  expect(problem).toMatchObject({ status, code, requestId: /x-request-id: (\S+)/i.exec(head)![1] })
  const lines = () => gateway.log.filter(({ msg, status: of }) => msg === 'request' && of === status)
  await expect.poll(lines).toHaveLength(1)
  expect(lines()[0]).toMatchObject({ requestId: problem.requestId, path: '/half', cause: code })
  expect(target.seen).toEqual([])
  const metrics = await gateway.metrics()
  expect(metrics).not.toMatch(/gateway_responses_aborted_total\{[^}]*\} [1-9]/)
  expect(metrics).toContain('gateway_requests_in_flight 0')
})
