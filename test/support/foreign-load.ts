// How much of the machine somebody else uses: a measurement beside others is worth less, and must say so.
import { readFileSync } from 'node:fs'

/** USER_HZ of Linux. */
const MS_PER_TICK = 10

export class ForeignLoad {
  readonly #own: readonly number[]
  #before: number
  #at = performance.now()

  /** `own` are the processes that do not count. */
  constructor(own: readonly number[]) {
    this.#own = own
    this.#before = this.#foreignMs()
  }

  /** In cores, on average since it was last asked. */
  take(): number {
    const [now, at] = [this.#foreignMs(), performance.now()]
    const cores = (now - this.#before) / (at - this.#at)
    this.#before = now
    this.#at = at
    return Math.max(0, cores)
  }

  #foreignMs(): number {
    const [, user, nice, system, , , , , steal] = readFileSync('/proc/stat', 'utf8')
      .split(/\s+/, 9)
      .map(Number)
    const own = this.#own.map(ticksOf).reduce((sum, ticks) => sum + ticks, 0)
    return (user! + nice! + system! + steal! - own) * MS_PER_TICK
  }
}

function ticksOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The name before it may have spaces in it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}
