// What the files under /proc say, as numbers. Pure: text in, values out.

/** USER_HZ: fixed at 100 in the interface between Linux and user space, whatever the kernel ticks at. */
const TICKS_PER_SECOND = 100
const MS_PER_TICK = 1000 / TICKS_PER_SECOND

export interface ProcessTimes {
  readonly parent: number
  /** User and system time of all its threads. */
  readonly cpuMs: number
}

/** `/proc/<pid>/stat`. The name may hold spaces and brackets: what counts begins after the last one. */
export function parseProcessStat(text: string): ProcessTimes {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return { parent: Number(fields[1]), cpuMs: (Number(fields[11]) + Number(fields[12])) * MS_PER_TICK }
}

/** `/proc/<pid>/status`: VmRSS; 0 for a process that has no memory any more. */
export function parseResidentBytes(text: string): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024
}

export interface CoreTimes {
  /** Programs at work on it, kernel on their behalf included. */
  readonly busyMs: number
  /** Taken away by the machine underneath. */
  readonly stolenMs: number
}

/** The line of one core in `/proc/stat`; undefined when there is none. */
export function parseCoreTimes(text: string, core: number): CoreTimes | undefined {
  const line = new RegExp(`^cpu${core} (.+)$`, 'm').exec(text)?.[1]
  if (line === undefined) return undefined
  const [user = 0, nice = 0, system = 0, , , , , steal = 0] = line.trim().split(/\s+/).map(Number)
  return { busyMs: (user + nice + system) * MS_PER_TICK, stolenMs: steal * MS_PER_TICK }
}

/** `0-2,5` -> 0, 1, 2, 5. */
export function parseCoreList(text: string): number[] {
  return text
    .trim()
    .split(',')
    .filter((part) => part !== '')
    .flatMap((part) => {
      const [first = 0, last = first] = part.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, at) => first + at)
    })
}

/** The hard limit of open files in `/proc/<pid>/limits`. */
export function parseOpenFilesLimit(text: string): number {
  const hard = /^Max open files\s+\S+\s+(\S+)/m.exec(text)?.[1]
  return hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard ?? 0)
}
