// `npm run demo`: three services and the gateway in front of them, with a tour to paste. `--check` walks it itself.
import { createServer } from 'node:net'
import { performance } from 'node:perf_hooks'
import { BACKEND_NAMES, type Backend, startBackend } from './backends.ts'
import { banner } from './banner.ts'
import { checkTour } from './check-tour.ts'
import { type GatewayProcess, startGateway } from './gateway-process.ts'
import { readableLogLine } from './log-line.ts'
import { newSecret, signToken } from './token.ts'
import { createTour } from './tour.ts'

const HOST = '127.0.0.1'
const PORTS = { listen: 8080, status: 9091, admin: 9090 }
const USAGE = 'usage: npm run demo [-- --check]'
/** Ctrl-C on a terminal may reach this process once from the terminal and once from npm. */
const SAME_SIGNAL_MS = 500

async function main(args: readonly string[]): Promise<number> {
  if (args.some((arg) => arg !== '--check')) {
    console.error(USAGE)
    return 64
  }
  const check = args.includes('--check')
  const backends = await Promise.all(BACKEND_NAMES.map((name) => startBackend(name)))
  try {
    return await showGateway(backends, check)
  } finally {
    await Promise.all(backends.map((backend) => backend.close()))
  }
}

async function showGateway(backends: readonly Backend[], check: boolean): Promise<number> {
  const startedAt = performance.now()
  const secret = newSecret()
  const log: string[] = []
  const gateway = await startGateway({
    addresses: await chooseAddresses(check),
    env: { DEMO_JWT_SECRET: secret, ...Object.fromEntries(backends.map(backendVariable)) },
    onLogLine: (line) => (check ? log.push(line) : printLogLine(line)),
  })
  const token = signToken(secret, Math.floor(Date.now() / 1000))
  const tour = createTour({ ...gateway.addresses, token })
  const readyMs = Math.round(performance.now() - startedAt)
  console.log(banner({ addresses: gateway.addresses, backends, tour, readyMs }))
  if (!check) return waitForEnd(gateway)
  const faults = await checkTour(tour)
  const exitCode = await gateway.stop()
  if (exitCode !== 0) faults.push(`the gateway ended with exit code ${exitCode} after SIGTERM`)
  if (faults.length > 0) console.log(`${faults.join('\n')}\n\nThe gateway's log:\n${log.join('\n')}`)
  console.log(
    faults.length === 0 ? 'demo: everything is as the banner says' : `demo: ${faults.length} differ`,
  )
  return faults.length === 0 ? 0 : 1
}

function backendVariable({ name, url }: Backend): readonly [string, string] {
  return [`DEMO_${name.toUpperCase()}_URL`, url]
}

async function chooseAddresses(check: boolean) {
  const choose = async (port: number) => `${HOST}:${!check && (await isFree(port)) ? port : 0}`
  return {
    listen: await choose(PORTS.listen),
    status: await choose(PORTS.status),
    admin: await choose(PORTS.admin),
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((answer) => {
    const probe = createServer().once('error', () => answer(false))
    probe.listen(port, HOST, () => probe.close(() => answer(true)))
  })
}

function printLogLine(line: string): void {
  const readable = readableLogLine(line)
  if (readable !== undefined) console.log(readable)
}

async function waitForEnd(gateway: GatewayProcess): Promise<number> {
  let stoppingSince: number | undefined
  const stop = (signal: NodeJS.Signals) => {
    stoppingSince ??= performance.now()
    if (performance.now() - stoppingSince > SAME_SIGNAL_MS) process.exit(1)
    // On a terminal, Ctrl-C has reached the gateway already, and a second signal would cut its drain short.
    if (signal !== 'SIGINT' || !process.stdin.isTTY) void gateway.stop()
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  const exitCode = await gateway.ended
  if (stoppingSince === undefined) console.error(`the gateway ended by itself, exit code ${exitCode}`)
  return stoppingSince === undefined ? 1 : exitCode
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (thrown) {
  console.error(`demo: ${(thrown as Error).message}`)
  process.exitCode = 1
}
