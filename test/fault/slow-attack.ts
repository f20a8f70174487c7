// `node --conditions=turnpike-source test/fault/slow-attack.ts`: what 1,500 slow clients cost those that are not slow.
// Windows with and without the attack take turns; printed is the 99th percentile of each and the ratio of their medians.
import { Agent } from 'node:http'
import { send } from '../support/http-client.ts'
import { startProcessGateway } from '../support/process-gateway.ts'
import { respondJson, startTarget } from '../support/target-server.ts'
import { type Slowness, startSlowClients } from './slow-clients.ts'

const ROUNDS = 5
const WINDOW_MS = 8000
/** One request every so many milliseconds on each connection, whatever the last one took. */
const EVERY_MS = 5
const CONNECTIONS = 4
const KINDS: readonly Slowness[] = ['head', 'body', 'read']

const BIG = Buffer.alloc(10 * 1024 * 1024)
const target = await startTarget((request, response) => {
  if (request.url === '/big') response.end(BIG)
  else respondJson(response, 200, {})
})
const gateway = await startProcessGateway(`
accessLog: false
drain: { delay: 0s }
limits: { headersTimeout: 30s, bodyGrace: 30s, writeTimeout: 30s, connectionsPerClient: 3000 }
services: { api: { targets: ["${target.url}"], connections: { max: 2000 }, routes: { all: /* } } }
`)

async function measure(): Promise<number> {
  const latencies: number[] = []
  const endsAt = performance.now() + WINDOW_MS
  const client = async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    for (let due = performance.now(); due < endsAt; due += EVERY_MS) {
      const early = due - performance.now()
      if (early > 0) await new Promise((resolve) => setTimeout(resolve, early))
      const { status } = await send(`${gateway.listen}/small`, { agent })
      if (status !== 200) throw new Error(`a healthy client got ${status}`)
      latencies.push(performance.now() - due)
    }
    agent.destroy()
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, client))
  return latencies.sort((a, b) => a - b)[Math.floor(0.99 * latencies.length)]!
}

async function measureUnderAttack(): Promise<number> {
  const options = { port: Number(new URL(gateway.listen).port), count: 500, everyMs: 1000 }
  const attack = KINDS.map((kind) => startSlowClients(kind, options))
  while (attack.some((clients) => clients.opened() < options.count)) await new Promise(setImmediate)
  await settled()
  const p99 = await measure()
  console.log(`still there: ${attack.map((clients) => clients.stillOpen())}`)
  for (const clients of attack) clients.stop()
  // The next window must not pay for the end of this one.
  await settled()
  await settled()
  return p99
}

/** What the kernel takes for 500 readers is 2 GB, and its way through this process too: that is load, not slowness. */
async function settled(): Promise<void> {
  let before = -1
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 1000))
    const { body } = await send(`${gateway.status}/metrics`)
    const now = Number(/^gateway_sent_bytes_total\{[^}]*\} (\d+)/m.exec(body)![1])
    if (now === before) return
    before = now
  }
}

const median = (list: readonly number[]) => list.toSorted((a, b) => a - b)[list.length >> 1]!
const calm: number[] = []
const attacked: number[] = []
await measure()
for (let round = 0; round < ROUNDS; round++) {
  calm.push(await measure())
  attacked.push(await measureUnderAttack())
}
const show = (list: readonly number[]) => list.map((ms) => ms.toFixed(1)).join(' ')
console.log(`p99 without  ${show(calm)} ms\np99 attacked ${show(attacked)} ms`)
console.log(`ratio of the medians ${(median(attacked) / median(calm)).toFixed(2)}`)
await gateway.stop()
await target.close()
process.exit()
