// How long a freshly started contestant is under load before it is measured.
import type { Running } from '../contestants/running.ts'
import type { Options } from '../options.ts'
import { loadTarget } from './load-target.ts'
import type { Bench } from './scenario.ts'

const CONNECTIONS = 64
const WARM_UP_MS = 6000
const PARTS = 4
const PART_MS = 2000
/** Two minutes are soon over: what is printed after them is a first look. */
const QUICK_PART = 1 / 4

/**
 * However short the measuring is: a process does not have less to compile for that. V8 compiled `full` for 1.2 s of CPU in its
 * third and fourth second, for 0.3 s in the two that follow, then for 0.02 s.
 */
export function warmUpMs({ quick }: Pick<Options, 'quick'>): number {
  return quick ? WARM_UP_MS * QUICK_PART : WARM_UP_MS
}

/**
 * Full load before a scenario with little: at its own rate it would take minutes until everything is compiled. In parts,
 * each with connections of its own: what V8 has compiled before any connection closed it discards when the first one does.
 */
export async function warmUp({ load, cores, options }: Bench, running: Running): Promise<void> {
  for (let part = 0; part < PARTS; part++) {
    await load.carryOut({
      kind: 'closed-loop',
      target: loadTarget(running, { connections: CONNECTIONS }),
      warmUpMs: 0,
      slices: 1,
      sliceMs: options.quick ? PART_MS * QUICK_PART : PART_MS,
      watch: {},
      core: cores.measured,
    })
  }
}
