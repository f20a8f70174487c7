// The process's own clock, where a real Redis sets the pace.
import type { Clock } from '../../../src/plugin.ts'

export const realClock: Clock = {
  now: () => performance.now(),
  epochMs: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms).unref()
    return { cancel: () => clearTimeout(timer) }
  },
}
