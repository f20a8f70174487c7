// Open-loop load on one contestant: its latencies at a fixed rate, whatever it can do.
import { SMALL_JSON } from '../backend/payloads.ts'
import type { Running } from '../contestants/running.ts'
import type { OpenLoopReport } from '../load/orders.ts'
import type { Bench } from './scenario.ts'
import { warmUpMs } from './warm-up.ts'

const CONNECTIONS = 64

export interface OpenRoundOrder {
  readonly perSecond: number
  readonly seconds: number
  /** Instead of the contestant's own. */
  readonly requests?: readonly string[]
  readonly warmUpMs?: number
}

export function measureOpen(bench: Bench, running: Running, order: OpenRoundOrder): Promise<OpenLoopReport> {
  return bench.load.carryOut({
    kind: 'open-loop',
    target: {
      port: running.port,
      connections: CONNECTIONS,
      requests: order.requests ?? running.contestant.requests(),
      expectedStatus: 200,
      expectedBodyBytes: SMALL_JSON.length,
    },
    perSecond: order.perSecond,
    warmUpMs: order.warmUpMs ?? warmUpMs(order.seconds),
    measureMs: order.seconds * 1000,
  })
}
