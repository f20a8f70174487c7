// What is done and said about each target, whatever it speaks: its checks, and a line when it is ejected or back.
import type { Clock, Logger } from '../plugin.ts'
import { HealthCheck, type Probe } from './health.ts'
import type { HealthSettings, ServiceSettings } from './settings.ts'
import type { Target } from './target.ts'

export interface CheckEnvironment<T extends Target> {
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Logger
  probe(target: T, settings: HealthSettings): Probe
}

/** Returns how to stop them. */
export function startChecks<T extends Target>(
  targets: readonly T[],
  { name, health }: ServiceSettings,
  { clock, random, logger, probe }: CheckEnvironment<T>,
): () => void {
  if (!health) return () => {}
  const options = { service: name, settings: health, clock, random, logger }
  const checks = targets.map((target) => new HealthCheck(target, probe(target, health), options))
  return () => {
    for (const check of checks) check.stop()
  }
}

export function ejectionNotes(service: string, target: string, logger: Logger): (ejected: boolean) => void {
  return (ejected) =>
    logger.warn(
      { service, target, ejected },
      ejected ? 'target ejected after failures' : 'target is back after a successful probe',
    )
}
