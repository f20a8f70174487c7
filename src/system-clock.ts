// The real clock and the real dice: the only readers of them.
import type { Clock } from './plugin.ts'

// Node fires a longer timer at once.
const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => performance.now(),
  epochMs: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, Math.min(ms, LONGEST_TIMER_MS))
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
}

export function systemRandom(): number {
  return Math.random()
}
