// Limits of connections are those of the node: each worker lets in its part.
import { connect, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { send } from '../support/http-client.ts'
import { type ProcessGateway, startProcessGateway } from '../support/process-gateway.ts'
import { startTcpTarget } from '../support/tcp-target.ts'

let gateway: ProcessGateway
let workers: number[] = []
const sockets: Socket[] = []

afterEach(async () => {
  for (const pid of workers) process.kill(pid, 'SIGCONT')
  for (const socket of sockets.splice(0)) socket.destroy()
  await gateway.stop()
})

/** True when it is let in: it gets an answer, and stays open. */
async function isLetIn(url: string): Promise<boolean> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {})
  sockets.push(socket)
  socket.write('GET / HTTP/1.1\r\nHost: gw.test\r\n\r\n')
  return new Promise((resolve) => {
    socket.once('data', () => resolve(true)).once('close', () => resolve(false))
  })
}

/** How many both workers let in together: one after the other, so that it is known who accepts. */
async function letIn(url: string): Promise<number> {
  const listed = (await send(`${gateway.admin}/api/workers`)).json()['workers'] as { pid: number }[]
  workers = listed.map(({ pid }) => pid)
  let count = 0
  for (const alone of workers) {
    for (const pid of workers) process.kill(pid, pid === alone ? 'SIGCONT' : 'SIGSTOP')
    while (await isLetIn(url)) count++
  }
  return count
}

it.each(['connections', 'connectionsPerClient'])('two workers share %s', async (limit) => {
  gateway = await startProcessGateway(`
workers: 2
drain: { delay: 0s }
limits: { ${limit}: 5 }
services: { api: { routes: { all: { match: /*, respond: { status: 200, body: ok } } } } }
`)
  expect(await letIn(gateway.listen)).toBe(5)
})

it.each(['max', 'perAddress'])('two workers share %s of a listener for TCP', async (limit) => {
  const target = await startTcpTarget()
  gateway = await startProcessGateway(`
workers: 2
drain: { delay: 0s }
listeners:
  echo: { address: "127.0.0.1:0", protocol: tcp, service: echo, connections: { ${limit}: 5 } }
services: { echo: { targets: ["${target.url}"] } }
`)
  expect(await letIn(gateway.listeners['echo']!)).toBe(5)
})
