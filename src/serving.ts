// What serves clients, assembled: telemetry, stores, the current generation and the listener. One in each process.

import type { Readiness } from './admin/status-server.ts'
import { Closers } from './closers.ts'
import type { Post } from './cluster/messages.ts'
import type { Configuration } from './config/configuration.ts'
import { createArrival } from './edge/arrival.ts'
import { BodyWatch } from './edge/body-watch.ts'
import { drain } from './edge/drain.ts'
import { createFront, type Front } from './edge/front.ts'
import { Spread } from './edge/spread.ts'
import { TurnShare } from './edge/turn-share.ts'
import { WriteDeadlines } from './edge/write-deadlines.ts'
import type { GenerationEnvironment } from './generation.ts'
import { Generations } from './generations.ts'
import { KeptState } from './kept-state.ts'
import { malformedNotes, observe, proxyFaultNotes, refusedNotes } from './observations.ts'
import { OpenByGeneration } from './open-by-generation.ts'
import { warnOfFileLimit } from './open-file-limit.ts'
import { type ClientAddresses, openListeners } from './open-listeners.ts'
import { createRawConnections } from './raw-connections.ts'
import { createServe } from './serve.ts'
import type { LendingStore } from './store/lease.ts'
import { createStores, type Stores } from './stores.ts'
import { systemClock as clock, systemRandom as random } from './system-clock.ts'
import { createTelemetry, type Telemetry } from './telemetry/telemetry.ts'
import { TicketKeys } from './ticket-keys.ts'
import { Turn } from './turn.ts'
import { ServicePool } from './upstream/service-pool.ts'

export interface ServingOptions {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly version: string
  /** Where log lines go; standard output when left out. */
  readonly logTo?: NodeJS.WritableStream
  /** Where this process is one of several workers. */
  readonly place?: WorkerPlace
  /** A generation that was replaced is gone for good. */
  onRetired?(): void
}

export interface WorkerPlace extends Post {
  /** Of the generation that the others serve. */
  readonly number: number
  /** The limits of the whole node, where there is no Redis. */
  readonly store: LendingStore
}

export interface Serving {
  readonly telemetry: Telemetry
  readonly generations: Generations
  /** Opens the ports; `override` wins over the config's `listen`. */
  listen(override: string | undefined): Promise<ClientAddresses>
  /** Of a worker: the primary says which. */
  useTicketKeys(keys: Buffer): void
  readiness(): Readiness
  /** Readiness first, then the drain; true when nothing was cut. */
  drain(): Promise<boolean>
  close(): Promise<void>
}

/** Nothing listens yet. Rejects when a part cannot be made; nothing is left running then. */
export function createServing(configuration: Configuration, options: ServingOptions): Promise<Serving> {
  const closers = new Closers()
  return closers.guard(() => assemble(configuration, options, closers))
}

async function assemble(
  configuration: Configuration,
  options: ServingOptions,
  closers: Closers,
): Promise<Serving> {
  const telemetry = await startTelemetry(configuration, options)
  closers.add(() => telemetry.shutdown())
  const { logger, meter } = telemetry
  const stores = await createStores({
    redis: configuration.redis,
    place: options.place,
    clock,
    logger,
    meter,
    random,
  })
  closers.add(() => stores.close())
  const turn = new Turn()
  const generations = createGenerations(configuration, options, { telemetry, stores, turn })
  closers.add(() => generations.current.retire())
  const state = { draining: false, listening: false }
  const tunnels = new OpenByGeneration()
  const turns = new TurnShare()
  const spread = new Spread(clock)
  const limits = limitsOfProcess(configuration, stores)
  warnOfFileLimit(logger, limits.connections)

  const serve = createServe({
    logger,
    clock,
    tunnels,
    streams: new OpenByGeneration(),
    arrive: createArrival({
      clock,
      limits,
      bodies: new BodyWatch(clock, limits, spread),
      proxies: () => generations.current.proxies,
    }),
    deadlines: new WriteDeadlines(clock, limits.writeTimeoutMs, spread),
    turns,
    turn,
    generation: () => generations.current,
    tracer: telemetry.tracer,
    unmatched: telemetry.unmatched,
    isDraining: () => state.draining,
  })
  const raw = createRawConnections({ clock, generations, telemetry })
  const { listen, listeners } = configuration
  const front = await createFront({
    serve: serve.request,
    onMalformed: malformedNotes(configuration, telemetry),
    carry: (listener, socket, proxied) => raw.accept(listener, socket, proxied),
    clock,
    limits,
    trusts: (address) => generations.current.proxies.trusts(address),
    spread,
    onRefused: refusedNotes(telemetry),
    onProxyFault: proxyFaultNotes(telemetry, clock),
  })
  closers.add(() => front.close())
  if (!options.place) closers.add(keepTicketKeys(front))
  generations.onSwap((next) => front.renew(next.configuration.listeners))
  observe(telemetry, { generations, front, raw, inFlight: serve.inFlight })

  return {
    telemetry,
    generations,
    async listen(override) {
      const addresses = await openListeners(front, { listen, listeners }, override)
      state.listening = true
      return addresses
    },
    useTicketKeys: (keys) => front.useTicketKeys(keys),
    readiness: () => ({
      ready: state.listening && !state.draining,
      checks: { listening: state.listening, accepting: !state.draining },
    }),
    async drain() {
      state.draining = true
      const { delayMs, timeoutMs } = generations.current.configuration.drain
      const inFlight = () => serve.inFlight() + raw.open
      const closeTunnels = async () => void (await Promise.all([tunnels.closeAll(), raw.cutAll()]))
      return drain({ front, clock, inFlight, closeTunnels, delayMs, timeoutMs })
    },
    close: () => closers.closeAll(),
  }
}

/** So that all workers together let in no more than the node may, as with listeners for TCP. */
function limitsOfProcess({ limits }: Configuration, { ofNode }: Stores): Configuration['limits'] {
  const { connections, connectionsPerClient } = limits
  return {
    ...limits,
    connections: ofNode(connections),
    connectionsPerClient: ofNode(connectionsPerClient),
  }
}

/** Returns how to stop it. */
function keepTicketKeys(front: Front): () => Promise<void> {
  const keys = new TicketKeys(clock, (next) => front.useTicketKeys(next))
  front.useTicketKeys(keys.current)
  return async () => keys.close()
}

function startTelemetry(configuration: Configuration, options: ServingOptions): Promise<Telemetry> {
  return createTelemetry({
    clock,
    logLevel: configuration.logLevel,
    accessLog: configuration.accessLog,
    sample: configuration.tracing.sample,
    env: options.env,
    version: options.version,
    part: options.place && { worker: options.place.slot },
    ...(options.logTo === undefined ? {} : { destination: options.logTo }),
  })
}

interface Parts {
  readonly telemetry: Telemetry
  readonly stores: Stores
  readonly turn: Turn
}

function createGenerations(
  configuration: Configuration,
  { place, onRetired }: ServingOptions,
  { telemetry, stores, turn }: Parts,
): Generations {
  const { logger, meter, tracer } = telemetry
  const observer = { start: tracer.attempt }
  const environment: GenerationEnvironment = {
    ...stores,
    clock,
    random,
    logger,
    meter,
    states: new KeptState(),
    services: new ServicePool({ clock, random, logger, observer, turn }),
    record: (facts) => telemetry.route(facts),
  }
  return new Generations(configuration, {
    environment,
    number: place?.number ?? 1,
    onRetired: ({ configuration: serving }) => {
      telemetry.retain(servingNames(serving))
      onRetired?.()
    },
  })
}

/** What metrics are kept of. */
export function servingNames({ routes, services }: Configuration) {
  return { routes: new Set(routes.map(({ id }) => id)), services: new Set(services.keys()) }
}
