// What operators have in hand of a running node, with workers or without: probes, metrics, the admin API, reload, stop.
import { createAdminServer } from './admin/admin-server.ts'
import type { AdminSource } from './admin/admin-source.ts'
import { createStatusServer, type Readiness } from './admin/status-server.ts'
import type { Closers } from './closers.ts'
import type { Configuration, LoadResult } from './config/configuration.ts'
import { createAdminSource } from './introspection.ts'
import { formatListenAddress } from './listen-address.ts'
import type { ClientAddresses } from './open-listeners.ts'
import type { Logger } from './plugin.ts'
import { type Builder, Reloader, type ReloadOutcome } from './reloader.ts'
import { systemClock as clock } from './system-clock.ts'
import type { Telemetry } from './telemetry/telemetry.ts'

export interface OperatorOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  /** Reads the config again, for a reload. */
  load(): Promise<LoadResult>
  /** These win over the config's addresses. */
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

/** What is operated. */
export interface OperatedNode {
  readonly options: OperatorOptions
  readonly telemetry: Telemetry
  readonly reloader: Reloader
  /** Of everything that has been started. */
  readonly closers: Closers
  readonly views: Pick<AdminSource, 'services' | 'workers'>
  readiness(): Readiness
  /** Readiness first; true when nothing was cut. */
  drain(): Promise<boolean>
}

/** `configuration` serves already. */
export function createReloader(
  configuration: Configuration,
  {
    telemetry,
    load,
    builder,
  }: Pick<OperatedNode, 'telemetry'> & Pick<OperatorOptions, 'load'> & { builder: Builder },
): Reloader {
  telemetry.reloaded('applied', configuration.hash)
  return new Reloader(configuration, {
    builder,
    clock,
    logger: telemetry.logger,
    load,
    onReload: (outcome, serving) => telemetry.reloaded(outcome, serving.configuration.hash),
  })
}

/** Probes are answered and the admin API is there from now on. */
export async function openToOperators(node: OperatedNode): Promise<Pick<Addresses, 'status' | 'admin'>> {
  const { options, telemetry, reloader, closers } = node
  const { configuration } = reloader.serving
  const { logger } = telemetry
  const status = createStatusServer({
    address: options.status ?? configuration.status,
    isReady: () => node.readiness(),
    metricsText: () => telemetry.metricsText(),
    logger,
  })
  const admin = createAdminServer({
    address: options.admin ?? configuration.admin,
    env: options.env,
    source: createAdminSource(reloader, node.views),
    clock,
    logger,
  })
  closers.add(
    () => status.close(),
    () => admin.close(),
  )
  return { status: urlOf(await status.listen()), admin: urlOf(await admin.listen()) }
}

export function gatewayOf(
  { telemetry, reloader, closers, drain }: OperatedNode,
  addresses: Addresses,
): Gateway {
  const { logger } = telemetry
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
      logger.info({ clean: await drain() }, 'stopped')
      await closers.closeAll()
    },
  }
}

function urlOf(address: Parameters<typeof formatListenAddress>[0]): string {
  return `http://${formatListenAddress(address)}`
}
