// Open-loop load on one contestant: its latencies at a fixed rate, whatever it can do.
import type { Running } from '../contestants/running.ts'
import type { OpenLoopReport } from '../load/orders.ts'
import { loadTarget } from './load-target.ts'
import type { Bench } from './scenario.ts'

const CONNECTIONS = 64
/** Sent on the same schedule, and not counted: V8 compiles once more for a load at which other paths are the usual ones. */
const LEAD_IN_MS = 3000

export interface OpenRoundOrder {
  readonly perSecond: number
  readonly seconds: number
  readonly leadInMs?: number
}

export function measureOpen(
  { load }: Bench,
  running: Running,
  { perSecond, seconds, leadInMs = LEAD_IN_MS }: OpenRoundOrder,
): Promise<OpenLoopReport> {
  return load.carryOut({
    kind: 'open-loop',
    target: loadTarget(running, { connections: CONNECTIONS }),
    perSecond,
    warmUpMs: leadInMs,
    measureMs: seconds * 1000,
  })
}
