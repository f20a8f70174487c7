// What a balancer is, and the rule that all share when their first choice cannot take the request.
import type { Target } from '../target.ts'

/** Picks a target; `tried` are the URLs that this exchange has been sent to before. Undefined: none is worth it. */
export interface Balancer<T extends Target> {
  pick(tried: ReadonlySet<string>): T | undefined
}

export function isFit(target: Target, tried: ReadonlySet<string>): boolean {
  return target.isAvailable() && target.hasRoom() && !tried.has(target.url)
}

/**
 * When no target was fit by drawing: any fit one, else one not tried, else one available, else any at all.
 * Using a target that looks bad beats refusing (panic mode), unless everything says that it is down.
 */
export function pickAnyway<T extends Target>(
  targets: readonly T[],
  tried: ReadonlySet<string>,
): T | undefined {
  return (
    targets.find((target) => isFit(target, tried)) ??
    leastLoaded(targets.filter((target) => !target.isDown() && !tried.has(target.url))) ??
    leastLoaded(targets.filter((target) => target.isAvailable())) ??
    leastLoaded(targets.filter((target) => !target.isDown()))
  )
}

function leastLoaded<T extends Target>(targets: readonly T[]): T | undefined {
  let best: T | undefined
  for (const target of targets) if (!best || target.load() < best.load()) best = target
  return best
}
