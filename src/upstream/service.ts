// A named backend at run time: its targets, their health, and the `Call` that reaches them.

import type { Call, Clock, Logger } from '../plugin.ts'
import type { Turn } from '../turn.ts'
import { FailureLog } from './failure-log.ts'
import { createHttpProbe } from './http-probe.ts'
import { createPool } from './pool.ts'
import { type AttemptObserver, createSend } from './send.ts'
import type { ServiceSettings, TargetSettings } from './settings.ts'
import { createPick } from './sides.ts'
import { HttpTarget } from './target.ts'
import { ejectionNotes, startChecks } from './target-watch.ts'

export interface ServiceEnvironment {
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Logger
  readonly observer: AttemptObserver
  readonly turn: Turn
}

export interface Service {
  readonly name: string
  /** Stable and canary targets. */
  readonly targets: readonly HttpTarget[]
  readonly call: Call
  /** True while each of its targets does, as far as is known: only then can it be called by gRPC. */
  readonly speaksHttp2: () => boolean
  /** Stops checks and closes connections once their requests have ended. */
  close(): Promise<void>
}

export function createService(settings: ServiceSettings, environment: ServiceEnvironment): Service {
  const stable = settings.targets.map((target) => createTarget(target, settings, environment))
  const canary = (settings.canary?.targets ?? []).map((target) => createTarget(target, settings, environment))
  const targets = [...stable, ...canary]
  const stopChecks = startChecks(targets, settings, {
    ...environment,
    probe: (target, health) => createHttpProbe(target, health),
  })
  const call = createSend({
    clock: environment.clock,
    observer: environment.observer,
    turn: environment.turn,
    failures: new FailureLog(settings.name, environment.logger, environment.clock),
    pick: createPick(settings, { stable, canary }, environment.random),
  })
  return {
    name: settings.name,
    targets,
    call,
    speaksHttp2: () => targets.every(({ pool }) => pool.http2),
    async close() {
      stopChecks()
      await Promise.all(targets.map((target) => target.pool.close()))
    },
  }
}

function createTarget(target: TargetSettings, service: ServiceSettings, environment: ServiceEnvironment) {
  const { clock, random, logger } = environment
  const { connections, tls, protocol } = service
  let capacity = 0
  const pool = createPool({ url: target.url, connections, tls, protocol }, (requests) => {
    capacity = requests
  })
  return new HttpTarget({
    settings: target,
    pool,
    maxPending: () => capacity + connections.queue,
    clock,
    ejection: service.ejection,
    random,
    onEjection: ejectionNotes(service.name, target.url, logger),
  })
}
