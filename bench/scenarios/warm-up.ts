// How long a freshly started contestant is under load before it is measured.
import { SMALL_JSON } from '../backend/payloads.ts'
import type { Running } from '../contestants/running.ts'
import type { Bench } from './scenario.ts'

const CONNECTIONS = 64
const MIN_MS = 1000
const MAX_MS = 8000
const SHARE = 1.6
const PARTS = 4

/**
 * Node compiles the hot path within the first seconds, and a thousand consumers need some until each has a lease: what
 * it costs until then says nothing. After 1.6 s of it `full` came to 140 us a request, after 2.4 s to 97.
 */
export function warmUpMs(seconds: number): number {
  return Math.min(MAX_MS, Math.max(MIN_MS, seconds * 1000 * SHARE))
}

/**
 * Full load before a scenario with little: at its own rate it would take minutes until everything is compiled. In parts,
 * each with connections of its own: what V8 has compiled before any connection closed it discards when the first one does.
 */
export async function warmUp({ load, cores, options }: Bench, { port, contestant }: Running): Promise<void> {
  for (let part = 0; part < PARTS; part++) {
    await load.carryOut({
      kind: 'closed-loop',
      target: {
        port,
        connections: CONNECTIONS,
        requests: contestant.requests(),
        expectedStatus: 200,
        expectedBodyBytes: SMALL_JSON.length,
      },
      warmUpMs: 0,
      slices: 1,
      sliceMs: warmUpMs(options.seconds) / PARTS,
      watch: {},
      core: cores.measured,
    })
  }
}
