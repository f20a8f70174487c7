// Limits of connections are those of the node: each worker lets in its part.
import { connect, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { send } from '../support/http-client.ts'
import { type ProcessGateway, startProcessGateway } from '../support/process-gateway.ts'

let gateway: ProcessGateway
let workers: number[] = []
const sockets: Socket[] = []

afterEach(async () => {
  for (const pid of workers) process.kill(pid, 'SIGCONT')
  for (const socket of sockets.splice(0)) socket.destroy()
  await gateway.stop()
})

/** True when it is let in: it gets an answer, and stays open. */
async function isLetIn(): Promise<boolean> {
  const socket = connect(Number(new URL(gateway.listen).port), '127.0.0.1').on('error', () => {})
  sockets.push(socket)
  socket.write('GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n')
  return new Promise((resolve) => {
    socket.once('data', () => resolve(true)).once('close', () => resolve(false))
  })
}

it.each(['connections', 'connectionsPerClient'])('two workers share %s', async (limit) => {
  gateway = await startProcessGateway(`
workers: 2
drain: { delay: 0s }
limits: { ${limit}: 5 }
services: { api: { routes: { all: { match: /*, respond: { status: 200, body: ok } } } } }
`)
  const listed = (await send(`${gateway.admin}/api/workers`)).json()['workers'] as { pid: number }[]
  workers = listed.map(({ pid }) => pid)
  let letIn = 0
  // One after the other, so that it is known who accepts.
  for (const alone of workers) {
    for (const pid of workers) process.kill(pid, pid === alone ? 'SIGCONT' : 'SIGSTOP')
    while (await isLetIn()) letIn++
  }
  expect(letIn).toBe(5)
})
