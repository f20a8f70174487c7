// A gateway as its own process, started the way a user does: for signals, crashes and clusters of them.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

export interface ProcessGateway {
  readonly child: ChildProcess
  readonly file: string
  readonly listen: string
  readonly status: string
  readonly admin: string
  /** The URLs of further listeners, by name. */
  readonly listeners: Readonly<Record<string, string>>
  /** What it holds after its garbage is gone; needs the option `measured`. */
  memory(): Promise<NodeJS.MemoryUsage>
  /** Everything on stderr so far. */
  stderr(): string
  /** SIGTERM, then the exit code. */
  stop(): Promise<number | null>
}

export interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>
  /** A config that is there already, instead of a new file. */
  readonly file?: string
  readonly flags?: readonly string[]
  /** Lets `memory` be asked for. */
  readonly measured?: boolean
  /** As many files as the system lets it open. */
  readonly openFiles?: number
}

const REPORTER = fileURLToPath(new URL('./memory-reporter.ts', import.meta.url))

export async function startProcessGateway(
  config: string,
  options: ProcessOptions = {},
): Promise<ProcessGateway> {
  const file = options.file ?? join(mkdtempSync(join(tmpdir(), 'turnpike-process-')), 'turnpike.yaml')
  if (options.file === undefined) writeFileSync(file, config)
  const addresses = ['--listen', '--status', '--admin'].flatMap((flag) => [flag, '127.0.0.1:0'])
  const [program, ...before] = launcher(options.openFiles)
  const child = spawn(
    program,
    [
      ...before,
      '--conditions=turnpike-source',
      ...(options.measured ? ['--expose-gc', `--import=${REPORTER}`] : []),
      join(ROOT, 'src/start.ts'),
      ...['run', file, '--json', ...addresses, ...(options.flags ?? [])],
    ],
    {
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe', options.measured ? 'ipc' : 'ignore'],
    },
  )
  let errors = ''
  child.stderr!.on('data', (chunk) => {
    errors += chunk
  })
  const exited = once(child, 'exit')
  const ready = once(createInterface({ input: child.stdout! }), 'line')
  const [line] = (await Promise.race([ready, exited.then(() => [undefined])])) as [string | undefined]
  if (line === undefined) throw new Error(`the gateway did not start:\n${errors}`)
  const { listen, status, admin, listeners } = JSON.parse(line)
  return {
    child,
    file,
    listen,
    status,
    admin,
    listeners,
    async memory() {
      child.send('memory')
      const [usage] = await once(child, 'message')
      return usage as NodeJS.MemoryUsage
    },
    stderr: () => errors,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      await exited
      return child.exitCode
    },
  }
}

/** The shell's own limit holds for what it becomes. */
function launcher(openFiles: number | undefined): [program: string, ...before: string[]] {
  if (openFiles === undefined) return [process.execPath]
  return ['/bin/sh', '-c', `ulimit -n ${openFiles}; exec "$0" "$@"`, process.execPath]
}
