// The real clock and the real dice: the only readers of them.

// Not the global of that name, which is a getter: 50 instead of 62 ns each time, and a request asks a dozen times.
import { performance } from 'node:perf_hooks'
import type { Clock, Timer } from './plugin.ts'

// Node fires a longer timer at once.
const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => performance.now(),
  epochMs: () => Date.now(),
  after(ms, run) {
    if (ms > LONGEST_TIMER_MS) return afterSeveral(ms, run)
    const timer = setTimeout(run, ms)
    timer.unref()
    return { cancel: () => clearTimeout(timer) }
  },
}

/** One timer after the other: 25 days are less than the life of some tokens, and of the connections opened with them. */
function afterSeveral(ms: number, run: () => void): Timer {
  let timer = systemClock.after(LONGEST_TIMER_MS, () => {
    timer = systemClock.after(ms - LONGEST_TIMER_MS, run)
  })
  return { cancel: () => timer.cancel() }
}

export function systemRandom(): number {
  return Math.random()
}
