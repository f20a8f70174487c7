// Waiting by an injected clock: for a while, and for something but not for ever.
import type { Clock } from './plugin.ts'

export function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    if (ms <= 0) resolve()
    else clock.after(ms, resolve)
  })
}

/** Settles as `work` does, or with false when the time is up. */
export async function within(limitMs: number, clock: Clock, work: Promise<unknown>): Promise<boolean> {
  const limit = Promise.withResolvers<false>()
  const timer = clock.after(limitMs, () => limit.resolve(false))
  try {
    return await Promise.race([work.then(() => true), limit.promise])
  } finally {
    timer.cancel()
  }
}
