// `node --conditions=turnpike-source test/fault/slow-attack.ts [rounds] [seconds]`: what 2,000 slow clients cost those that
// are not slow. Each round has a window without them, one in which they connect, and one in which they are all there.
// A quarter of them are slow with their TLS handshakes; the one that is measured comes over TLS, or with `--plain` without.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ForeignLoad } from '../support/foreign-load.ts'
import { send } from '../support/http-client.ts'
import { startProcessGateway } from '../support/process-gateway.ts'
import { issueCertificate } from '../unit/upstream/certificates.ts'
import type { Attack, Order, Part } from './slow-attack-part.ts'
import { type Seen, SteadyClient } from './steady-client.ts'

const options = process.argv.slice(2)
const plain = options.includes('--plain')
const [rounds = 5, seconds = 8] = options.filter((one) => one !== '--plain').map(Number)
const WINDOWS = ['calm', 'ramp', 'held'] as const
type Window = (typeof WINDOWS)[number]

const start = (part: Part) => fork(fileURLToPath(new URL('slow-attack-part.ts', import.meta.url)), [part])
const answer = async <T>(child: ChildProcess) => (await once(child, 'message'))[0] as T

const parts = [start('bulkTarget'), start('target'), start('clients')] as const
const [big, small, clients] = parts
const [bigPort, smallPort] = await Promise.all([answer<number>(big), answer<number>(small)])
const files = mkdtempSync(join(tmpdir(), 'turnpike-slow-'))
for (const [name, pem] of Object.entries(issueCertificate(['localhost'])))
  writeFileSync(join(files, `${name}.pem`), pem)
const gateway = await startProcessGateway(`
accessLog: false
drain: { delay: 0s }
listeners: { tls: { address: "127.0.0.1:0", tls: { certificates: { cert: ${files}/cert.pem, key: ${files}/key.pem } } } }
limits: { headersTimeout: 60s, bodyGrace: 60s, writeTimeout: 60s, connectionsPerClient: 3000 }
services:
  big: { targets: ["http://127.0.0.1:${bigPort}"], connections: { max: 1000 }, routes: { big: /big } }
  small: { targets: ["http://127.0.0.1:${smallPort}"], connections: { max: 1000 }, routes: { all: /* } }
`)
const secure = gateway.listeners.tls!
const port = Number(new URL(gateway.listen).port)
const attack: Attack = {
  ports: { head: port, body: port, read: port, handshake: Number(new URL(secure).port) },
  count: 500,
}
const tell = (order: Order) => clients.send(order)
const foreign = new ForeignLoad([process.pid, gateway.child.pid!, ...parts.map(({ pid }) => pid!)])
const steady = new SteadyClient(`${plain ? gateway.listen : secure}/small`)

const seen: Record<Window, Seen[]> = { calm: [], ramp: [], held: [] }
async function watch(window: Window): Promise<void> {
  steady.take()
  foreign.take()
  await sleep(seconds * 1000)
  const { kept, fresh, ownLag } = steady.take()
  seen[window].push({ kept, fresh, ownLag })
  const facts = [kept, fresh, ownLag].map((ms) => ms.toFixed(1).padStart(8)).join('')
  console.log(`${window.padEnd(6)}${facts}${foreign.take().toFixed(2).padStart(8)}`)
}

/** Nothing of the attack is left in the gateway: the next window must not pay for this one. */
async function quiet(): Promise<void> {
  for (;;) {
    const { body } = await send(`${gateway.status}/metrics`)
    if (Number(/^gateway_open_connections (\d+)/m.exec(body)?.[1]) < attack.count) return
    await sleep(100)
  }
}

console.log(`p99 in ms: ${'kept'.padStart(3)}     new  own lag  CPU of others`)
await sleep(3000)
for (let round = 0; round < rounds; round++) {
  await watch('calm')
  tell({ attack })
  const open = answer(clients)
  await watch('ramp')
  await open
  await watch('held')
  const left = answer<number[]>(clients)
  tell('stop')
  console.log(`still there: ${await left}`)
  await quiet()
  await sleep(2000)
}
const median = (window: Window, which: 'kept' | 'fresh') =>
  seen[window].map((one) => one[which]).toSorted((a, b) => a - b)[rounds >> 1]!
for (const window of ['ramp', 'held'] as const)
  for (const which of ['kept', 'fresh'] as const)
    console.log(
      `${window} / calm, medians of ${which}: ${(median(window, which) / median('calm', which)).toFixed(2)}`,
    )
steady.stop()
for (const part of parts) part.kill()
await gateway.stop()
process.exit()
