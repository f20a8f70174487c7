// The end of a listener without losing a request: say close, stop accepting, wait, then close what idles.

import type { Server } from 'node:http'
import { Server as NetServer } from 'node:net'
import type { Clock } from '../plugin.ts'

/** Nothing in flight for this long: the clients that still hold a connection are idle. */
const QUIET_MS = 250
const POLL_MS = 25

export interface DrainOptions {
  readonly server: Server
  readonly clock: Clock
  /** Exchanges being served. */
  inFlight(): number
  /** Answers say `Connection: close` while new connections are still taken: balancers need time to notice. */
  readonly delayMs: number
  readonly timeoutMs: number
}

/** Resolves when the last exchange has ended or the time is up; true when nothing was cut. */
export async function drain(options: DrainOptions): Promise<boolean> {
  const { server, clock } = options
  await pause(clock, options.delayMs)
  const deadline = clock.now() + options.timeoutMs
  // http.Server.close would also reset idle connections, on which a request may be under way right now.
  NetServer.prototype.close.call(server)
  let quietSince = clock.now()
  while (clock.now() < deadline) {
    if (options.inFlight() > 0) quietSince = clock.now()
    else if (clock.now() - quietSince >= QUIET_MS) break
    await pause(clock, POLL_MS)
  }
  const clean = options.inFlight() === 0
  server.closeAllConnections()
  return clean
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    if (ms <= 0) resolve()
    else clock.after(ms, resolve)
  })
}
