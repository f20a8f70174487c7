// The real clock and the real dice: the only readers of them.
import type { Clock } from './plugin.ts'

export const systemClock: Clock = {
  now: () => performance.now(),
  epochMs: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
}

export function systemRandom(): number {
  return Math.random()
}
