// The assembly: what serves clients, the probes and the admin API, started in order. Start, reload, stop.

import { createAdminServer } from './admin/admin-server.ts'
import { createStatusServer } from './admin/status-server.ts'
import { Closers } from './closers.ts'
import type { Configuration, LoadResult } from './config/configuration.ts'
import { createAdminSource, serviceViews } from './introspection.ts'
import { formatListenAddress } from './listen-address.ts'
import type { ClientAddresses } from './open-listeners.ts'
import type { Logger } from './plugin.ts'
import { Reloader, type ReloadOutcome } from './reloader.ts'
import { createServing, type Serving, type ServingOptions } from './serving.ts'
import { systemClock as clock } from './system-clock.ts'

export interface GatewayOptions extends ServingOptions {
  /** Reads the config again, for a reload. */
  load(): Promise<LoadResult>
  /** These win over the config's addresses. */
  readonly listen?: string | undefined
  readonly status?: string | undefined
  readonly admin?: string | undefined
}

/** URLs with the real ports. */
export interface Addresses extends ClientAddresses {
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
export function startGateway(configuration: Configuration, options: GatewayOptions): Promise<Gateway> {
  const closers = new Closers()
  return closers.guard(() => assemble(configuration, options, closers))
}

async function assemble(
  configuration: Configuration,
  options: GatewayOptions,
  closers: Closers,
): Promise<Gateway> {
  const serving = await createServing(configuration, options)
  closers.add(() => serving.close())
  const { telemetry, generations } = serving
  const { logger } = telemetry
  const reloader = createReloader(configuration, serving, options)
  const status = createStatusServer({
    address: options.status ?? configuration.status,
    isReady: () => serving.readiness(),
    metricsText: () => telemetry.metricsText(),
    logger,
  })
  const admin = createAdminServer({
    address: options.admin ?? configuration.admin,
    env: options.env,
    source: createAdminSource(reloader, {
      services: () => serviceViews(generations.current, clock),
      workers: () => [],
    }),
    clock,
    logger,
  })
  closers.add(
    () => status.close(),
    () => admin.close(),
  )
  const addresses = {
    status: urlOf(await status.listen()),
    admin: urlOf(await admin.listen()),
    // Last: the ports open when a generation serves and probes are answered.
    ...(await serving.listen(options.listen)),
  }
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
      logger.info(reloader.serving.configuration.drain, 'draining')
      logger.info({ clean: await serving.drain() }, 'stopped')
      await closers.closeAll()
    },
  }
}

function createReloader(
  configuration: Configuration,
  { telemetry, generations }: Serving,
  { load }: GatewayOptions,
): Reloader {
  telemetry.reloaded('applied', configuration.hash)
  return new Reloader(configuration, {
    stage: {
      async prepare({ number, configuration: next }) {
        const built = await generations.build(number, next)
        return () => generations.swap(built)
      },
    },
    clock,
    logger: telemetry.logger,
    load,
    onReload: (outcome, serving) => telemetry.reloaded(outcome, serving.configuration.hash),
  })
}

export function urlOf(address: Parameters<typeof formatListenAddress>[0]): string {
  return `http://${formatListenAddress(address)}`
}
