// The end of the front without losing a request: say close, stop accepting, wait, then close what idles.

import type { Clock } from '../plugin.ts'
import { pause } from '../waiting.ts'

/** Nothing in flight for this long: the clients that still hold a connection are idle. */
const QUIET_MS = 250
const POLL_MS = 25

/** What is drained. */
export interface Drainable {
  /** Clients are told to go elsewhere, as far as their protocol has a word for it before the next answer. */
  announceEnd(): void
  /** Takes no more connections; those that are open stay: a request may be under way on any of them. */
  stopListening(): void
  closeConnections(): void
}

export interface DrainOptions {
  readonly front: Drainable
  readonly clock: Clock
  /** Exchanges being served. */
  inFlight(): number
  /** Ends the connections that have left HTTP, politely; they count as in flight. Resolves when all have ended. */
  closeTunnels(): Promise<void>
  /** Answers say `Connection: close` while new connections are still taken: balancers need time to notice. */
  readonly delayMs: number
  readonly timeoutMs: number
}

/** Resolves when the last exchange has ended or the time is up; true when nothing was cut. */
export async function drain(options: DrainOptions): Promise<boolean> {
  const { front, clock } = options
  front.announceEnd()
  await pause(clock, options.delayMs)
  const deadline = clock.now() + options.timeoutMs
  front.stopListening()
  let quietSince = clock.now()
  while (clock.now() < deadline) {
    if (options.inFlight() > 0) quietSince = clock.now()
    else if (clock.now() - quietSince >= QUIET_MS) break
    await pause(clock, POLL_MS)
  }
  await options.closeTunnels()
  const clean = options.inFlight() === 0
  front.closeConnections()
  return clean
}
