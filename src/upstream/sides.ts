// The stable and the canary targets of a service, and the choice among them.
import type { Balancer } from './balance/balancer.ts'
import { type Caller, createSideChooser, pickCanary } from './balance/canary.ts'
import { PowerOfTwoChoices } from './balance/p2c.ts'
import { RoundRobin } from './balance/round-robin.ts'
import type { ServiceSettings } from './settings.ts'
import type { Target } from './target.ts'

export type Pick<T extends Target> = (caller: Caller, tried: ReadonlySet<string>) => T | undefined

export interface Sides<T extends Target> {
  readonly stable: readonly T[]
  readonly canary: readonly T[]
}

export function createPick<T extends Target>(
  settings: ServiceSettings,
  sides: Sides<T>,
  random: () => number,
): Pick<T> {
  const stable = createBalancer(settings, sides.stable, random)
  if (!settings.canary) return (_caller, tried) => stable.pick(tried)
  const canary = createBalancer(settings, sides.canary, random)
  const choose = createSideChooser(settings.canary, random)
  return (caller, tried) =>
    choose(caller) === 'canary' ? pickCanary(canary, stable, tried) : stable.pick(tried)
}

function createBalancer<T extends Target>(
  settings: ServiceSettings,
  targets: readonly T[],
  random: () => number,
): Balancer<T> {
  return settings.balance === 'roundRobin' ? new RoundRobin(targets) : new PowerOfTwoChoices(targets, random)
}
