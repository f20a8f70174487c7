// Slows down whoever guesses the admin token: failures per address and minute, for a bounded number of addresses.
import type { Clock } from '../plugin.ts'

const MAX_FAILURES = 10
const WINDOW_MS = 60_000
const MAX_ADDRESSES = 1024

interface Failures {
  count: number
  readonly until: number
}

export interface AttemptLimit {
  /** Seconds to wait, 0 when another attempt is welcome. */
  waitSeconds(address: string): number
  failed(address: string): void
}

export function createAttemptLimit(clock: Clock): AttemptLimit {
  const failures = new Map<string, Failures>()
  const current = (address: string): Failures | undefined => {
    const known = failures.get(address)
    return known && known.until > clock.now() ? known : undefined
  }
  return {
    waitSeconds: (address) => {
      const known = current(address)
      if (!known || known.count < MAX_FAILURES) return 0
      return Math.ceil((known.until - clock.now()) / 1000)
    },
    failed: (address) => {
      const known = current(address)
      if (known) known.count++
      else {
        failures.delete(address)
        if (failures.size >= MAX_ADDRESSES) failures.delete(failures.keys().next().value!)
        failures.set(address, { count: 1, until: clock.now() + WINDOW_MS })
      }
    },
  }
}
