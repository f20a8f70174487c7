// Child processes of the benchmark: started, watched for an early end, stopped, and never left behind.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/** After it a process that does not stop is killed. */
const STOP_WITHIN_MS = 5000
const MAX_ERROR_TEXT = 4000

export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export interface Child {
  readonly pid: number
  readonly name: string
  readonly process: ChildProcess
  hasEnded(): boolean
  /** The end of what it wrote to stderr. */
  errors(): string
  stop(): Promise<void>
}

const living = new Set<ChildProcess>()

// Whatever ends the benchmark ends its children too; a daemon's master passes SIGTERM on to its workers.
process.on('exit', () => {
  for (const child of living) child.kill('SIGTERM')
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => process.exit(130))

export function startChild(name: string, command: Command, options: { ipc?: boolean } = {}): Child {
  const child = spawn(command.program, command.args, {
    env: { ...cleanEnvironment(), ...command.env },
    stdio: ['ignore', 'ignore', 'pipe', ...(options.ipc ? (['ipc'] as const) : [])],
  })
  living.add(child)
  let errors = ''
  child.stderr?.on('data', (chunk) => {
    errors = (errors + chunk).slice(-MAX_ERROR_TEXT)
  })
  child.once('error', (error) => {
    errors += error.message
  })
  child.once('exit', () => living.delete(child))
  const hasEnded = () => child.pid === undefined || child.exitCode !== null || child.signalCode !== null
  return {
    pid: child.pid ?? 0,
    name,
    process: child,
    hasEnded,
    errors: () => errors,
    stop: () => (hasEnded() ? Promise.resolve() : stop(child)),
  }
}

/** Why it did not work, with what the program said. */
export function childFailure(child: Child, what: string): Error {
  return new Error(`${child.name}: ${what}${child.errors() === '' ? '' : `\n${child.errors()}`}`)
}

async function stop(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  const late = new AbortController()
  const killing = sleep(STOP_WITHIN_MS, undefined, { signal: late.signal }).then(
    () => child.kill('SIGKILL'),
    () => {},
  )
  await ended
  late.abort()
  await killing
}

// Settings of the shell that starts the benchmark must not reach what is measured.
function cleanEnvironment(): NodeJS.ProcessEnv {
  const foreign = /^(OTEL_|TURNPIKE_|NODE_OPTIONS$|npm_)/
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name)))
}
