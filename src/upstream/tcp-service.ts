// A service whose targets are connected to and left to speak what they like: balanced and watched like any other.
import { createDial, type Dial } from './dial.ts'
import { FailureLog } from './failure-log.ts'
import type { ServiceEnvironment } from './service.ts'
import type { ServiceSettings, TargetSettings } from './settings.ts'
import { createPick } from './sides.ts'
import { Target } from './target.ts'
import { ejectionNotes, startChecks } from './target-watch.ts'
import { createTcpProbe } from './tcp-probe.ts'

/** Time to connect says little about a connection that stays: what counts is how many there are, up to here. */
const LEAST_LATENCY_MS = 50

export interface TcpService {
  readonly name: string
  /** Stable and canary targets. */
  readonly targets: readonly Target[]
  readonly dial: Dial
  /** Stops the checks; connections are the business of who dialled. */
  close(): Promise<void>
}

export function isTcpService({ targets }: ServiceSettings): boolean {
  return targets.some(({ url }) => url.startsWith('tcp:'))
}

export function createTcpService(settings: ServiceSettings, environment: ServiceEnvironment): TcpService {
  const { clock, random, logger } = environment
  const stable = settings.targets.map((target) => createTarget(target, settings, environment))
  const canary = (settings.canary?.targets ?? []).map((target) => createTarget(target, settings, environment))
  const targets = [...stable, ...canary]
  const { proxyProtocol, connections } = settings
  const stopChecks = startChecks(targets, settings, {
    ...environment,
    probe: (target, health) => createTcpProbe(target, health, { clock, proxyProtocol }),
  })
  return {
    name: settings.name,
    targets,
    dial: createDial({
      clock,
      failures: new FailureLog(settings.name, logger, clock),
      connectTimeoutMs: connections.connectTimeoutMs,
      proxyProtocol,
      pick: createPick(settings, { stable, canary }, random),
    }),
    close: async () => stopChecks(),
  }
}

function createTarget(target: TargetSettings, service: ServiceSettings, environment: ServiceEnvironment) {
  const { clock, random, logger } = environment
  return new Target({
    settings: target,
    // Nothing waits for a connection to end, which may take days.
    maxPending: () => service.connections.max,
    leastLatencyMs: LEAST_LATENCY_MS,
    clock,
    random,
    ejection: service.ejection,
    onEjection: ejectionNotes(service.name, target.url, logger),
  })
}
