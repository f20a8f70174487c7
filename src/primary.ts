// The primary process of a node with several workers: probes, metrics, the admin API, the config, and the workers.
import { randomUUID } from 'node:crypto'
import type { ServiceView } from './admin/admin-source.ts'
import type { Readiness } from './admin/status-server.ts'
import { Closers } from './closers.ts'
import { forkWorker } from './cluster/fork-worker.ts'
import type { StoreCall } from './cluster/messages.ts'
import { Supervisor } from './cluster/supervisor.ts'
import type { WorkerSlot } from './cluster/worker-slot.ts'
import type { Configuration } from './config/configuration.ts'
import type { CopiedFiles } from './config/file-copies.ts'
import { type FixedPart, fixedPart } from './fixed-keys.ts'
import type { GatewayOptions } from './gateway.ts'
import type { ClientAddresses } from './open-listeners.ts'
import { createReloader, type Gateway, gatewayOf, type OperatedNode, openToOperators } from './operators.ts'
import type { Builder } from './reloader.ts'
import { servingNames } from './serving.ts'
import { createMemoryStore } from './store/memory-store.ts'
import { systemClock as clock, systemRandom as random } from './system-clock.ts'
import type { MetricReport } from './telemetry/metric-report.ts'
import { createTelemetry, type Telemetry } from './telemetry/telemetry.ts'
import { WorkerMetrics } from './telemetry/worker-metrics.ts'
import { TicketKeys } from './ticket-keys.ts'
import type { WorkerConfig } from './worker.ts'
import { mergeServices, workerViews } from './worker-views.ts'

/** What a worker may take for its end beyond the drain: the last export of traces. */
const END_LIMIT_MS = 5000

export interface First {
  readonly configuration: Configuration
  readonly copies: CopiedFiles
  readonly workers: number
}

/** Resolves when all workers serve. Rejects when one cannot start; nothing is left running then. */
export function startPrimary(first: First, options: GatewayOptions): Promise<Gateway> {
  const closers = new Closers()
  return closers.guard(() => assemble(first, options, closers))
}

async function assemble(first: First, options: GatewayOptions, closers: Closers): Promise<Gateway> {
  const { configuration, workers } = first
  const telemetry = await createPrimaryTelemetry(configuration, options)
  closers.add(() => telemetry.shutdown())
  const keys = new TicketKeys(clock, () => supervisor.changeTicketKeys())
  closers.add(async () => keys.close())
  const supervisor = createSupervisor(first, telemetry, {
    serving: () => reloader.serving.configuration,
    ticketKeys: () => keys.current.toString('base64'),
  })
  closers.add(() => supervisor.close())
  telemetry.meter.refresh = () => supervisor.collect()
  const builder = builderOf(fixedPart(configuration), supervisor)
  const reloader = createReloader(configuration, { telemetry, load: options.load, builder })
  let draining = false
  const node: OperatedNode = {
    options,
    telemetry,
    reloader,
    closers,
    views: {
      services: async () => mergeServices((await supervisor.ask('services')) as ServiceView[][]),
      workers: () => workerViews(supervisor.slots, clock),
    },
    readiness: () => readiness(supervisor, draining),
    drain() {
      draining = true
      const { delayMs, timeoutMs } = reloader.serving.configuration.drain
      return supervisor.drain(delayMs + timeoutMs + END_LIMIT_MS)
    },
  }
  const own = await openToOperators(node)
  await supervisor.start()
  const addresses = { ...own, ...(supervisor.slots[0]!.addresses as ClientAddresses) }
  const { hash } = configuration
  telemetry.logger.info({ ...addresses, workers, generation: 1, hash }, 'gateway started')
  return gatewayOf(node, addresses)
}

function createPrimaryTelemetry(configuration: Configuration, options: GatewayOptions): Promise<Telemetry> {
  return createTelemetry({
    clock,
    logLevel: configuration.logLevel,
    accessLog: false,
    sample: 0,
    env: options.env,
    version: options.version,
    part: 'primary',
    ...(options.logTo === undefined ? {} : { destination: options.logTo }),
  })
}

interface NodeState {
  serving(): Configuration
  ticketKeys(): string
}

function createSupervisor(first: First, telemetry: Telemetry, state: NodeState): Supervisor {
  const metrics = new WorkerMetrics(telemetry.meter)
  // The limits of all workers together, where there is no Redis.
  const store = createMemoryStore({ clock })
  return new Supervisor(
    { number: 1, config: workerConfig(fixedPart(first.configuration), first) },
    {
      count: first.workers,
      node: randomUUID(),
      clock,
      logger: telemetry.logger,
      random,
      ticketKeys: state.ticketKeys,
      spawn: () => forkWorker((lines) => telemetry.relay(lines)),
      onTakes: (calls, slot) => answerCalls(calls, slot, store),
      onMetrics: (report, slot) => metrics.add(slot, report as MetricReport),
      onDeath: (slot) => metrics.forget(slot),
      onRetired: () => telemetry.retain(servingNames(state.serving())),
    },
  )
}

function answerCalls(
  calls: readonly StoreCall[],
  slot: WorkerSlot,
  store: ReturnType<typeof createMemoryStore>,
): void {
  const replies = calls.map(({ id, args }) => ({
    id,
    verdict: store.take(...(args as Parameters<typeof store.take>)),
  }))
  slot.send({ kind: 'verdicts', replies })
}

function builderOf(fixed: FixedPart, supervisor: Supervisor): Builder {
  return {
    prepare: (next) => supervisor.prepare({ number: next.number, config: workerConfig(fixed, next) }),
  }
}

function workerConfig(
  fixed: FixedPart,
  { configuration, copies }: Pick<First, 'configuration' | 'copies'>,
): WorkerConfig {
  return { copies, hash: configuration.hash, fixed }
}

function readiness({ slots, serving }: Supervisor, draining: boolean): Readiness {
  const each = slots.map((slot) => [`worker-${slot.post.slot}`, slot.state === 'serving'] as const)
  return {
    ready: serving.length > 0 && !draining,
    checks: { ...Object.fromEntries(each), accepting: !draining },
  }
}
