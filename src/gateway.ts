// The assembly: every part is made here, once, and given to those that need it. Start, reload, stop.

import { createAdminServer } from './admin/admin-server.ts'
import { createStatusServer } from './admin/status-server.ts'
import type { Configuration, LoadResult } from './config/configuration.ts'
import { createArrival } from './edge/arrival.ts'
import { drain } from './edge/drain.ts'
import { createListener, type Listener } from './edge/listener.ts'
import type { OnMalformed } from './edge/malformed-request.ts'
import type { GenerationEnvironment } from './generation.ts'
import { createAdminSource } from './introspection.ts'
import { KeptState } from './kept-state.ts'
import { formatListenAddress } from './listen-address.ts'
import type { Logger } from './plugin.ts'
import { Reloader, type ReloadOutcome } from './reloader.ts'
import { createServe } from './serve.ts'
import { createStores, type Stores } from './stores.ts'
import { systemClock as clock, systemRandom as random } from './system-clock.ts'
import { createTelemetry, type Telemetry } from './telemetry/telemetry.ts'
import { ServicePool } from './upstream/service-pool.ts'

export interface GatewayOptions {
  /** Reads the config again, for a reload. */
  load(): Promise<LoadResult>
  readonly env: Readonly<Record<string, string | undefined>>
  readonly version: string
  /** Where log lines go; standard output when left out. */
  readonly logTo?: NodeJS.WritableStream
  /** These win over the config's addresses. */
  readonly listen?: string | undefined
  readonly status?: string | undefined
  readonly admin?: string | undefined
}

/** URLs with the real ports. */
export interface Addresses {
  readonly listen: string
  readonly status: string
  readonly admin: string
}

export interface Gateway {
  readonly addresses: Addresses
  readonly logger: Logger
  /** Files of the last load: what to watch. */
  readonly watchedFiles: readonly string[]
  reload(): Promise<ReloadOutcome>
  /** For a process that ends at once. */
  flushLog(): void
  /** Readiness first, then the drain, then everything else. */
  stop(): Promise<void>
}

/** Resolves when clients are served. Rejects when a part cannot start; nothing is left running then. */
export async function startGateway(configuration: Configuration, options: GatewayOptions): Promise<Gateway> {
  const closers: (() => Promise<unknown>)[] = []
  // Each is closed whatever becomes of the others: a part that fails to close must not keep the process alive.
  const closeAll = async () => {
    for (const close of closers.splice(0).reverse()) await close().catch(() => {})
  }
  try {
    return await assemble(configuration, options, { closers, closeAll })
  } catch (thrown) {
    await closeAll()
    throw thrown
  }
}

interface Closing {
  /** In the order of their starts; closed in reverse. */
  readonly closers: (() => Promise<unknown>)[]
  closeAll(): Promise<void>
}

async function assemble(
  configuration: Configuration,
  options: GatewayOptions,
  { closers, closeAll }: Closing,
): Promise<Gateway> {
  const telemetry = await startTelemetry(configuration, options)
  closers.push(() => telemetry.shutdown())
  const { logger, meter } = telemetry
  const stores = createStores({ redis: configuration.redis, clock, logger, meter, random })
  closers.push(() => stores.close())
  const reloader = createReloader(configuration, options, { telemetry, stores })
  closers.push(() => retireLast(reloader, logger))
  const state = { draining: false, ready: false }

  const serve = createServe({
    logger,
    arrive: createArrival({ clock, proxies: () => reloader.current.proxies }),
    generation: () => reloader.current,
    tracer: telemetry.tracer,
    unmatched: telemetry.unmatched,
    isDraining: () => state.draining,
  })
  const listener = await createListener(serve.request, malformedNotes(configuration, telemetry))
  closers.push(() => listener.close())
  observe(telemetry, { reloader, listener, inFlight: serve.inFlight })

  const status = createStatusServer({
    address: options.status ?? configuration.status,
    isReady: () => ({
      ready: state.ready && !state.draining,
      checks: { listening: state.ready, accepting: !state.draining },
    }),
    metricsText: () => telemetry.metricsText(),
    logger,
  })
  const admin = createAdminServer({
    address: options.admin ?? configuration.admin,
    env: options.env,
    source: createAdminSource(reloader, clock),
    clock,
    logger,
  })
  closers.push(
    () => status.close(),
    () => admin.close(),
  )
  const addresses = {
    status: urlOf(await status.listen()),
    admin: urlOf(await admin.listen()),
    // Last: the port opens when a generation serves and probes are answered.
    listen: await listener.listen(options.listen ?? configuration.listen),
  }
  state.ready = true
  logger.info({ ...addresses, generation: 1, hash: configuration.hash }, 'gateway started')

  return {
    addresses,
    logger,
    get watchedFiles() {
      return reloader.files
    },
    reload: () => reloader.reload(),
    flushLog: () => telemetry.flushSync(),
    async stop() {
      state.draining = true
      const { delayMs, timeoutMs } = reloader.current.configuration.drain
      logger.info({ delayMs, timeoutMs }, 'draining')
      const clean = await drain({
        server: listener.server,
        clock,
        inFlight: serve.inFlight,
        delayMs,
        timeoutMs,
      })
      logger.info({ clean }, 'stopped')
      await closeAll()
    },
  }
}

// A plugin that cannot close must not keep the rest from it.
function retireLast(reloader: Reloader, logger: Logger): Promise<void> {
  return reloader.current.retire().catch((failure: unknown) => {
    logger.error({ reason: String(failure) }, 'the last generation failed to close')
  })
}

function startTelemetry(configuration: Configuration, options: GatewayOptions): Promise<Telemetry> {
  return createTelemetry({
    clock,
    logLevel: configuration.logLevel,
    accessLog: configuration.accessLog,
    tracing: { sample: configuration.tracing.sample, endpoint: undefined },
    env: options.env,
    version: options.version,
    ...(options.logTo === undefined ? {} : { destination: options.logTo }),
  })
}

// Before the first byte of a request is understood there is no exchange: this is all that is known.
function malformedNotes({ accessLog }: Configuration, { logger, meter }: Telemetry): OnMalformed {
  return (facts) => {
    const labels = { code: facts.cause }
    meter.counter('malformed_requests_total', 'Bytes from clients that were no request', labels).add()
    if (accessLog) logger.info(facts, 'malformed request')
  }
}

interface Recording {
  readonly telemetry: Telemetry
  readonly stores: Stores
}

function createReloader(
  configuration: Configuration,
  options: GatewayOptions,
  { telemetry, stores }: Recording,
): Reloader {
  const { logger, meter, tracer } = telemetry
  const observer = { start: tracer.attempt }
  const environment: GenerationEnvironment = {
    ...stores,
    clock,
    random,
    logger,
    meter,
    states: new KeptState(),
    services: new ServicePool({ clock, random, logger, observer }),
    record: (facts) => telemetry.route(facts),
  }
  const reloader = new Reloader(configuration, {
    environment,
    logger,
    load: options.load,
    onReload: (outcome, serving) => telemetry.reloaded(outcome, serving.configuration.hash),
    onRetired: (serving) => telemetry.retain(servingNames(serving.configuration)),
  })
  telemetry.reloaded('applied', configuration.hash)
  return reloader
}

function servingNames({ routes, services }: Configuration) {
  return { routes: new Set(routes.map(({ id }) => id)), services: new Set(services.keys()) }
}

interface Observed {
  readonly reloader: Reloader
  readonly listener: Listener
  readonly inFlight: () => number
}

function observe(telemetry: Telemetry, { reloader, listener, inFlight }: Observed): void {
  telemetry.observe({
    requestsInFlight: inFlight,
    openConnections: () => listener.connections(),
    upstreams: () =>
      [...reloader.current.services.values()].flatMap(({ name, targets }) =>
        targets.map((target) => ({ service: name, target: target.url, up: target.isAvailable() })),
      ),
  })
}

function urlOf(address: Parameters<typeof formatListenAddress>[0]): string {
  return `http://${formatListenAddress(address)}`
}
