// Targets that are never dialled, for tests of who is picked.
import type { EjectionSettings } from '../../../../src/upstream/settings.ts'
import { Target } from '../../../../src/upstream/target.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

export interface Fleet {
  readonly clock: FakeClock
  readonly targets: readonly Target[]
}

const EJECT_AT_ONCE: EjectionSettings = {
  failures: 1,
  successRate: 0,
  windowMs: 10_000,
  minimum: 1000,
  baseMs: 1000,
  maxMs: 1000,
}

/** Named a, b, c ... by their weights; the first failure ejects one for 500 ms. */
export function createFleet(...weights: number[]): Fleet {
  const clock = new FakeClock()
  const targets = weights.map((weight, at) => {
    const url = `http://${String.fromCharCode(97 + at)}.test`
    return new Target({
      settings: { url, weight },
      clock,
      ejection: EJECT_AT_ONCE,
      random: () => 0,
      onEjection: () => {},
    })
  })
  return { clock, targets }
}

export const NONE: ReadonlySet<string> = new Set()

/** `http://a.test` -> `a`. */
export const nameOf = (target: Target | undefined) => target?.url.slice(7, -5)

/** How often each name was picked. */
export function count(names: readonly (string | undefined)[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name ?? 'none'] = (counts[name ?? 'none'] ?? 0) + 1
  return counts
}
