// What the admin API may show of the running gateway, and how it sets off a reload.
import type {
  AdminSource,
  ReloadFault,
  ReloadResult,
  RouteView,
  ServiceView,
  TargetView,
} from './admin/admin-source.ts'
import { type ConfigFault, sentence } from './config/fault.ts'
import type { Generation } from './generation.ts'
import type { Clock } from './plugin.ts'
import type { Reloader, ReloadOutcome, ServingConfiguration } from './reloader.ts'
import { routeFacts } from './route-facts.ts'
import type { Target } from './upstream/target.ts'

export function createAdminSource(
  reloader: Reloader,
  views: Pick<AdminSource, 'services' | 'workers'>,
): AdminSource {
  return {
    ...views,
    generation: () => generationFacts(reloader.serving),
    routes: () => routeViews(reloader.serving),
    reload: async () => reloadResult(await reloader.reload(), reloader.serving),
  }
}

export function serviceViews({ services }: Generation, clock: Clock): readonly ServiceView[] {
  return [...services.values()].map(({ name, targets }) => ({
    name,
    targets: targets.map((target) => targetView(target, clock)),
  }))
}

function generationFacts({ number, since, configuration }: ServingConfiguration) {
  return { number, since, hash: configuration.hash, file: configuration.file }
}

function routeViews({ configuration }: ServingConfiguration): RouteView[] {
  return configuration.routes.map((route) => {
    const { path, ...facts } = routeFacts(configuration, route)
    return { ...facts, pattern: path }
  })
}

function targetView(target: Target, clock: Clock): TargetView {
  const ejectedForMs = target.ejectedUntil - clock.now()
  return {
    url: target.url,
    healthy: target.healthy,
    inFlight: target.pending,
    ewmaMs: target.latencyMs,
    ejectedUntil: target.ejectedUntil === 0 ? undefined : Math.round(clock.epochMs() + ejectedForMs),
  }
}

function reloadResult(outcome: ReloadOutcome, { number, configuration }: ServingConfiguration): ReloadResult {
  if (outcome.result !== 'refused') {
    return { outcome: outcome.result, generation: number, hash: configuration.hash }
  }
  const faults = outcome.faults.map((fault) => faultView(fault, configuration.file))
  return {
    outcome: 'refused',
    faults: faults.length > 0 ? faults : [{ origin: '', message: outcome.message }],
  }
}

function faultView(fault: ConfigFault, file: string): ReloadFault {
  const { position, hint } = fault
  const place = [position?.file ?? file, position?.line, position?.column]
  return { origin: place.filter((part) => part !== undefined).join(':'), message: sentence(fault), hint }
}
