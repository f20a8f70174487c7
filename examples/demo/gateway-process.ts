// The gateway as a user starts it: a process with a config file, addresses on the command line, JSON on stdout.
import { type ChildProcess, spawn } from 'node:child_process'
import { join, relative, resolve } from 'node:path'
import { createInterface } from 'node:readline'

const ROOT = resolve(import.meta.dirname, '../..')
const READY_WITHIN_MS = 30_000
const STOP_WITHIN_MS = 15_000
const KEPT_LINES = 50

export const CONFIG_FILE = relative(ROOT, join(import.meta.dirname, 'turnpike.yaml'))

export interface GatewayAddresses {
  readonly listen: string
  readonly status: string
  readonly admin: string
}

export interface GatewayProcess {
  readonly addresses: GatewayAddresses
  /** Resolves with the exit code, however it came to its end. */
  readonly ended: Promise<number>
  stop(): Promise<number>
}

export interface StartOptions {
  /** `host:port` each. */
  readonly addresses: GatewayAddresses
  readonly env: Readonly<Record<string, string>>
  onLogLine(line: string): void
}

/** Rejects with what the gateway has said when it does not get ready. */
export async function startGateway({ addresses, env, onLogLine }: StartOptions): Promise<GatewayProcess> {
  const flags = Object.entries(addresses).flatMap(([name, address]) => [`--${name}`, address])
  const args = ['--conditions=turnpike-source', 'src/start.ts', 'run', CONFIG_FILE, '--json', ...flags]
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const said: string[] = []
  createInterface(child.stderr).on('line', (line) => {
    said.push(line)
    if (said.length > KEPT_LINES) said.shift()
    onLogLine(line)
  })
  const ended = new Promise<number>((end) => child.once('exit', (code) => end(code ?? 1)))
  const timer = setTimeout(() => child.kill('SIGKILL'), READY_WITHIN_MS)
  const line = await Promise.race([firstLine(child), ended]).finally(() => clearTimeout(timer))
  if (typeof line !== 'string') throw new Error(`the gateway did not start:\n${said.join('\n')}`)
  return { addresses: JSON.parse(line), ended, stop: () => stop(child, ended) }
}

function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((found) => createInterface(child.stdout!).once('line', found))
}

function stop(child: ChildProcess, ended: Promise<number>): Promise<number> {
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS)
  child.kill('SIGTERM')
  return ended.finally(() => clearTimeout(timer))
}
