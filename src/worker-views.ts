// What the admin API shows of several workers: each for itself, and their services as one.
import type { ServiceView, TargetView, WorkerView } from './admin/admin-source.ts'
import type { WorkerSlot } from './cluster/worker-slot.ts'
import type { Clock } from './plugin.ts'

export function workerViews(slots: readonly WorkerSlot[], clock: Clock): readonly WorkerView[] {
  const zero = clock.epochMs() - clock.now()
  return slots.map(({ post, pid, state, serving, startedAt, starts, lastExit }) => ({
    slot: post.slot,
    pid,
    state,
    generation: serving,
    startedAt: Math.round(zero + startedAt),
    starts,
    lastExit,
  }))
}

/** Every worker sees the targets for itself: a target is healthy when all say so. */
export function mergeServices(workers: readonly (readonly ServiceView[])[]): readonly ServiceView[] {
  const [first = [], ...others] = workers
  return first.map(({ name, targets }) => ({
    name,
    targets: targets.map((target) => {
      const views = others.map((services) => find(services, name, target.url))
      return views.filter((view) => view !== undefined).reduce(mergeTarget, target)
    }),
  }))
}

function find(services: readonly ServiceView[], name: string, url: string): TargetView | undefined {
  return services.find((service) => service.name === name)?.targets.find((target) => target.url === url)
}

function mergeTarget(a: TargetView, b: TargetView): TargetView {
  return {
    url: a.url,
    healthy: a.healthy && b.healthy,
    inFlight: a.inFlight + b.inFlight,
    ewmaMs: greatest(a.ewmaMs, b.ewmaMs),
    ejectedUntil: greatest(a.ejectedUntil, b.ejectedUntil),
  }
}

function greatest(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b)
}
