// `node --conditions=turnpike-source --single-threaded-gc --expose-gc test/fault/slow-attack.ts [rounds]
// [--plain | --slowhttptest] [--burst]`: what 500 clients with slow heads, 500 with slow bodies and 500 that read slowly cost
// one that is not slow. Each round has a window without them on both sides of the one with them, which goes from the moment
// when they begin to connect until the last one has been closed by its limit, all limits at their defaults: what a noisy
// machine does is in both. The one that is measured comes over TLS, beside 500 more that are slow with their handshakes, or
// `--plain`. With `--slowhttptest` they are that program's, in clear text.
// Before the first window the gateway serves for a while what the attack will ask for, to clients that are not slow, as one
// that is in service has: in the first 12 s of an attack 90 turns took more than 4 ms without that, as V8 compiled, and 46
// and 50 with it.
// The gateway has a core to itself. The one that is measured and its target share the others, where whatever is elsewhere in
// earnest runs while they leave a core idle (`precedence.ts`): slow clients are other people's machines, and so is a target
// that sends each reader 10 MB. Beside them on the gateway's core their work was measured as if it were the gateway's.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { startBackend } from '../../bench/backend/backend.ts'
import { chooseCores, moveSelf, moveToMeasuredCore } from '../../bench/machine/cores.ts'
import { ForeignLoad } from '../support/foreign-load.ts'
import { send } from '../support/http-client.ts'
import { startProcessGateway } from '../support/process-gateway.ts'
import { issueCertificate } from '../unit/upstream/certificates.ts'
import { runFirst } from './precedence.ts'
import type { Attack, Order, Part } from './slow-attack-part.ts'
import { PROBES, SlowHttpTest } from './slow-http-test.ts'
import { CONNECTIONS, type Seen, SteadyClient } from './steady-client.ts'

const options = process.argv.slice(2)
const byTool = options.includes('--slowhttptest')
const plain = byTool || options.includes('--plain')
const burst = options.includes('--burst')
if (!globalThis.gc) throw new Error('start it with --single-threaded-gc --expose-gc')
const collect = globalThis.gc
const [rounds = 3] = options.filter((one) => !one.startsWith('--')).map(Number)
/** As slowhttptest does, the tool for this, when it is not told otherwise. */
const PER_SECOND = 50
const COUNT = 500
/** Asking for the metrics costs the gateway 2 to 3 ms. */
const LOOK_EVERY_MS = 1000
const WARM_UP_SECONDS = 20
const CALM_MS = 15_000
const COURSE_SECONDS = 10
/** On connections that are kept, on new ones, and on both. */
const REQUESTS = ['all', 'kept', 'fresh'] as const

type Windows = Pick<Seen, 'kept' | 'fresh'>

function start(part: Part): ChildProcess {
  const child = fork(fileURLToPath(new URL('slow-attack-part.ts', import.meta.url)), [part])
  // It has said why. Who waits for its answer would wait for ever.
  return child.once('exit', (code) => code && process.exit(code))
}

const answer = async <T>(child: ChildProcess) => (await once(child, 'message'))[0] as T

const cores = chooseCores()
moveSelf(cores)
const files = mkdtempSync(join(tmpdir(), 'turnpike-slow-'))
const small = await startBackend(files)
const parts = [start('target'), start('clients')] as const
const [big, clients] = parts
const bigPort = await answer<number>(big)
for (const [name, pem] of Object.entries(issueCertificate(['localhost'])))
  writeFileSync(join(files, `${name}.pem`), pem)
const gateway = await startProcessGateway(`
accessLog: false
drain: { delay: 0s }
listeners: { tls: { address: "127.0.0.1:0", tls: { certificates: { cert: ${files}/cert.pem, key: ${files}/key.pem } } } }
limits: { connectionsPerClient: 3000 }
services:
  big: { targets: ["http://127.0.0.1:${bigPort}"], connections: { max: 1000 }, routes: { big: /big } }
  small: { targets: ["http://127.0.0.1:${small.port}"], connections: { max: 1000 }, routes: { all: /* } }
  upload: { targets: ["http://127.0.0.1:${small.uploadPort}"], connections: { max: 1000 }, routes: { upload: /upload } }
`)
moveToMeasuredCore(cores, gateway.child.pid!)
runFirst([process.pid, ...small.pids()])
// Only when it is told to: its own collections were measured as if they were the gateway's.
setFlagsFromString('--heap-growing-percent=400')
const port = Number(new URL(gateway.listen).port)
const securePort = Number(new URL(gateway.listeners.tls!).port)
const attack: Attack = {
  ports: {
    head: port,
    body: port,
    read: port,
    ...(plain ? {} : { handshake: securePort }),
  },
  count: COUNT,
  perSecond: burst ? undefined : PER_SECOND,
}
const tell = (order: Order) => clients.send(order)
let tool: SlowHttpTest | undefined
const foreign = new ForeignLoad([
  process.pid,
  gateway.child.pid!,
  ...parts.map(({ pid }) => pid!),
  ...small.pids(),
])
const steady = plain
  ? new SteadyClient(port)
  : // The certificate is made for this one measurement.
    new SteadyClient(securePort, { rejectUnauthorized: false })

/** How many connections there are beside those of the one that is measured. */
async function slowOnes(): Promise<number> {
  const { body } = await send(`${gateway.status}/metrics`)
  return Number(/^gateway_open_connections (\d+)/m.exec(body)?.[1]) - CONNECTIONS
}

async function untilOpen(): Promise<void> {
  if (!byTool) {
    tell({ attack })
    await answer(clients)
    return
  }
  const perSecond = burst ? COUNT : PER_SECOND
  tool = new SlowHttpTest({ gateway: gateway.listen, count: COUNT, perSecond })
  await sleep((COUNT / perSecond) * 1000 + LOOK_EVERY_MS)
}

async function untilClosed(): Promise<void> {
  while ((await slowOnes()) > (byTool ? PROBES : 0)) await sleep(LOOK_EVERY_MS)
  tool?.stop()
}

async function watch(name: string, during: () => Promise<unknown>): Promise<Seen> {
  steady.take()
  foreign.take()
  const from = performance.now()
  await during()
  const seconds = (performance.now() - from) / 1000
  const seen = steady.take()
  report(name, seen, [seen.late.p99, seconds, foreign.take()])
  return seen
}

const both = (one: Windows, other: Windows): Windows => ({
  kept: one.kept.with(other.kept),
  fresh: one.fresh.with(other.fresh),
})

function report(name: string, { kept, fresh }: Windows, more: readonly number[] = []): void {
  const facts = [kept.p99, fresh.p99, ...more].map((one) => one.toFixed(2).padStart(10))
  console.log(`${name.padEnd(10)}${facts.join('')}`)
}

/** Of the whole attack, whose beginning is the worst of it. */
async function attackOnce(): Promise<Windows> {
  const connecting = await watch('connecting', untilOpen)
  console.log(`${await slowOnes()} are there`)
  const rest = await watch('then', untilClosed)
  const whole = both(connecting, rest)
  report('whole', whole)
  console.log(
    `kept, each ${COURSE_SECONDS} s: ${whole.kept
      .course(COURSE_SECONDS)
      .map((p99) => p99.toFixed(1))
      .join(' ')}`,
  )
  return whole
}

/** How many times the 99th percentile was what it is without the slow ones. */
type Times = Record<(typeof REQUESTS)[number], number>

async function round(): Promise<Times> {
  collect()
  await sleep(2000)
  const before = await watch('calm', () => sleep(CALM_MS))
  const attacked = await attackOnce()
  tell('stop')
  await answer(clients)
  collect()
  await sleep(2000)
  const calm = both(before, await watch('calm again', () => sleep(CALM_MS)))
  const times = {
    all: attacked.kept.with(attacked.fresh).p99 / calm.kept.with(calm.fresh).p99,
    kept: attacked.kept.p99 / calm.kept.p99,
    fresh: attacked.fresh.p99 / calm.fresh.p99,
  }
  console.log(REQUESTS.map((one) => `${one} ${times[one].toFixed(2)}x`).join(', '))
  console.log(`${attacked.kept.secondsOver(2 * calm.kept.p99)} seconds with a p99 of their own over 2x`)
  return times
}

console.log(cores.note)
console.log('p99 in ms:      kept       new   sent late   seconds CPU of others')
tell({ usual: { port, seconds: WARM_UP_SECONDS } })
await answer(clients)
const ratios: Times[] = []
while (ratios.length < rounds) ratios.push(await round())
for (const one of REQUESTS) {
  const sorted = ratios.map((times) => times[one]).toSorted((a, b) => a - b)
  console.log(`${one}: median ${sorted[rounds >> 1]!.toFixed(2)}x, worst ${sorted.at(-1)!.toFixed(2)}x`)
}
await steady.stop()
for (const part of parts) part.kill()
await small.stop()
await gateway.stop()
process.exit()
