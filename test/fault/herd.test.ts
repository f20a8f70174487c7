// Two thousand clients that were cut off come back at once (E24): the kernel holds them until each has its answer.
import { connect } from 'node:net'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { type ProcessGateway, startProcessGateway } from '../support/process-gateway.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'

const CLIENTS = 2000

let target: TargetServer
let gateway: ProcessGateway

beforeEach(async () => {
  target = await startTarget()
  gateway = await startProcessGateway(`
accessLog: false
drain: { delay: 0s }
limits: { connectionsPerClient: ${2 * CLIENTS} }
services:
  api: { targets: ["${target.url}"], connections: { queue: ${CLIENTS} }, routes: { all: /* } }
`)
})

afterEach(async () => {
  gateway.child.kill('SIGKILL')
  await target.close()
})

/** What came back, or why nothing did. */
function come(port: number): Promise<string> {
  return new Promise((resolve) => {
    let received = ''
    const socket = connect(port, '127.0.0.1', () => {
      socket.write('GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    })
    socket.on('data', (chunk) => {
      received += chunk
    })
    socket.on('error', (failure: NodeJS.ErrnoException) => resolve(failure.code ?? failure.message))
    socket.on('close', () => resolve(received.slice(0, 12)))
  })
}

it('two thousand clients at once are all served, and none is refused', async () => {
  const port = Number(new URL(gateway.listen).port)
  // Stopped, it takes nothing: all of them wait in the kernel, as behind a restart.
  gateway.child.kill('SIGSTOP')
  const coming = Array.from({ length: CLIENTS }, () => come(port))
  gateway.child.kill('SIGCONT')
  const outcomes = await Promise.all(coming)
  expect([...new Set(outcomes)]).toEqual(['HTTP/1.1 200'])
  expect(target.seen).toHaveLength(CLIENTS)
  expect(await gateway.stop()).toBe(0)
})
