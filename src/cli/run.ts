// `turnpike run`: serves until it is told to stop. Signals: TERM and INT drain, HUP reloads.

import { availableParallelism } from 'node:os'
import { isWorker } from '../cluster/primary-link.ts'
import type { LoadResult } from '../config/configuration.ts'
import type { CopiedFiles } from '../config/file-copies.ts'
import { loadConfiguration } from '../config/load.ts'
import { MAX_WORKERS } from '../config/root-schema.ts'
import { watchFiles } from '../config/watch.ts'
import { type GatewayOptions, startGateway } from '../gateway.ts'
import { parseListenAddress } from '../listen-address.ts'
import type { Gateway } from '../operators.ts'
import type { Logger } from '../plugin.ts'
import { startPrimary } from '../primary.ts'
import { tuneMemory } from '../v8-settings.ts'
import { startWorker } from '../worker.ts'
import type { CliArguments } from './arguments.ts'
import { findConfigFile } from './find-config-file.ts'
import { wrongUsage } from './wrong-usage.ts'

const WATCH_DEBOUNCE_MS = 100
/** One signal to a process group arrives as often as npm and the shell pass it on. */
const ONE_SIGNAL_MS = 500
/** Longest timer that Node takes: keeps the process alive while it drains with no socket open. */
const FOREVER_MS = 2 ** 31 - 1

export async function run(args: CliArguments): Promise<number> {
  const fault =
    args.positionals.length > 1 ? 'run takes one FILE' : (addressFault(args) ?? workersFault(args))
  if (fault !== undefined) return wrongUsage(fault, args.stderr)
  tuneMemory()
  const file = findConfigFile(args.positionals[0], args.cwd)
  if (file === undefined) {
    args.stderr('no config: give a FILE, or write turnpike.yaml (turnpike init)\n')
    return 1
  }
  const options = gatewayOptions(args)
  const load = loader(file, args, options)
  if (isWorker) return serveAsWorker(args, { ...options, load })
  const running = await start(args, { ...options, load })
  return running ? await serveUntilStopped(running) : 1
}

type Load = (copies?: CopiedFiles) => Promise<LoadResult>

function loader(file: string, args: CliArguments, addresses: Omit<GatewayOptions, 'load'>): Load {
  const { plugins, env, checks } = args
  const { listen, status, admin } = addresses
  return (copies) =>
    loadConfiguration(file, { plugins, env, checks, copies, addresses: { listen, status, admin } })
}

interface Running {
  readonly gateway: Gateway
  readonly args: CliArguments
  /** What to watch. */
  readonly files: readonly string[]
}

// A function of its own: what waits for the end of the process would keep the first configuration until then.
async function start(args: CliArguments, options: GatewayOptions): Promise<Running | undefined> {
  const first = await options.load()
  if (!first.configuration || first.warnings.length > 0) args.stderr(first.render(args.color))
  if (!first.configuration) return undefined
  try {
    return { gateway: await startNode(first, args, options), args, files: first.files }
  } catch (thrown) {
    args.stderr(`turnpike: cannot start: ${(thrown as Error).message}\n`)
    return undefined
  }
}

function startNode(
  { configuration, copies }: LoadResult,
  { flags }: CliArguments,
  options: GatewayOptions,
): Promise<Gateway> {
  const wanted = flags['workers'] ?? configuration!.workers
  const workers = wanted === 'auto' ? availableParallelism() : Number(wanted)
  if (workers === 1) return startGateway(configuration!, options)
  return startPrimary({ configuration: configuration!, copies, workers }, options)
}

/** Ends with its primary, not by itself. */
async function serveAsWorker(
  { env, version }: CliArguments,
  { listen, load }: { readonly listen?: string | undefined; readonly load: Load },
): Promise<number> {
  startWorker({ env, version, listen, load, onLogger: catchTheRest })
  return 0
}

function workersFault({ flags: { workers } }: CliArguments): string | undefined {
  if (workers === undefined || workers === 'auto') return undefined
  const isRight = /^[1-9]\d{0,2}$/.test(String(workers)) && Number(workers) <= MAX_WORKERS
  return isRight ? undefined : `--workers ${workers}: expected auto or a number from 1 to ${MAX_WORKERS}`
}

/** Of the command line only: what the file says has been checked with the file. */
function addressFault({ flags }: CliArguments): string | undefined {
  for (const name of ['listen', 'status', 'admin']) {
    const value = address(flags[name])
    try {
      if (value !== undefined) parseListenAddress(value)
    } catch (thrown) {
      return `--${name} ${(thrown as Error).message}`
    }
  }
  return undefined
}

function gatewayOptions(args: CliArguments) {
  const { listen, status, admin, json } = args.flags
  return {
    env: args.env,
    version: args.version,
    ...(json === true ? { logTo: quietStderr() } : {}),
    listen: address(listen ?? args.env['TURNPIKE_LISTEN']),
    status: address(status ?? args.env['TURNPIKE_STATUS']),
    admin: address(admin ?? args.env['TURNPIKE_ADMIN']),
  }
}

// A reader of the log that goes away must not come back as an uncaught exception, which would be logged again.
function quietStderr(): NodeJS.WriteStream {
  return process.stderr.on('error', () => {})
}

function address(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

async function serveUntilStopped({ gateway, args, files }: Running): Promise<number> {
  const alive = setInterval(() => {}, FOREVER_MS)
  catchTheRest(gateway.logger)
  const stopReloads = onSignal(['SIGHUP'], () => void gateway.reload())
  const stopAsked = nextSignal(['SIGTERM', 'SIGINT'])
  const watcher = args.flags['watch'] === false ? undefined : watch(gateway, files)
  await watcher?.ready
  // Last: whoever reads this may send a signal or change a file at once.
  announce(gateway, args)
  await stopAsked
  exitOnNextSignal(gateway)
  // A signal that nobody listens to would end the process in the middle of the drain.
  onSignal(['SIGHUP'], () => {})
  stopReloads()
  watcher?.close()
  await gateway.stop().finally(() => clearInterval(alive))
  // By itself the process would live on for as long as a reader of its log takes no more.
  process.exit(0)
}

/** A second signal means now: whoever sent it has waited long enough. */
function exitOnNextSignal(gateway: Gateway): void {
  const firstAt = performance.now()
  onSignal(['SIGTERM', 'SIGINT'], () => {
    if (performance.now() - firstAt < ONE_SIGNAL_MS) return
    gateway.flushLog()
    process.exit(1)
  })
}

// The last net: one exchange gone wrong in a way that nobody foresaw must not end all the others.
function catchTheRest(logger: Logger): void {
  process.on('uncaughtException', (error, origin) => {
    logger.error({ error, origin }, 'an error reached the last net: please report it')
  })
}

function watch(gateway: Gateway, files: readonly string[]) {
  return watchFiles(files, {
    debounceMs: WATCH_DEBOUNCE_MS,
    logger: gateway.logger,
    async onChange() {
      await gateway.reload()
      return gateway.watchedFiles
    },
  })
}

function announce({ addresses }: Gateway, args: CliArguments): void {
  if (args.flags['json']) {
    args.stdout(`${JSON.stringify({ ready: true, ...addresses })}\n`)
    return
  }
  const { listen, listeners, status, admin } = addresses
  const clients = [...(listen === undefined ? [] : [listen]), ...Object.values(listeners)].join(' ')
  args.stderr(`turnpike ${args.version} is ready   clients ${clients}   status ${status}   admin ${admin}\n`)
}

function nextSignal(signals: readonly NodeJS.Signals[]): Promise<void> {
  return new Promise((resolve) => {
    const stop = onSignal(signals, () => {
      stop()
      resolve()
    })
  })
}

function onSignal(signals: readonly NodeJS.Signals[], run: () => void): () => void {
  for (const signal of signals) process.on(signal, run)
  return () => {
    for (const signal of signals) process.off(signal, run)
  }
}
