// CPU time and memory of processes with all their descendants, and what else ran on a core.
import { readdirSync, readFileSync } from 'node:fs'
import {
  type CoreTimes,
  type ProcessTimes,
  parseCoreTimes,
  parseProcessStat,
  parseResidentBytes,
} from './proc-files.ts'

export interface Usage {
  readonly cpuMs: number
  readonly rssBytes: number
}

/** The process and everything that it has started, as of now. */
export function processTree(root: number): number[] {
  const parents = new Map<number, number[]>()
  for (const pid of allProcesses()) {
    const parent = timesOf(pid)?.parent
    if (parent !== undefined) parents.set(parent, [...(parents.get(parent) ?? []), pid])
  }
  const tree = [root]
  for (const pid of tree) tree.push(...(parents.get(pid) ?? []))
  return tree
}

/** Sums; a process that has ended counts as nothing. Memory that processes share is counted in each. */
export function readUsage(pids: readonly number[]): Usage {
  return {
    cpuMs: sum(pids.map((pid) => timesOf(pid)?.cpuMs ?? 0)),
    rssBytes: sum(pids.map((pid) => parseResidentBytes(readOrEmpty(`/proc/${pid}/status`)))),
  }
}

export function readCore(core: number): CoreTimes {
  return parseCoreTimes(readOrEmpty('/proc/stat'), core) ?? { busyMs: 0, stolenMs: 0 }
}

function allProcesses(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0)
}

function timesOf(pid: number): ProcessTimes | undefined {
  const text = readOrEmpty(`/proc/${pid}/stat`)
  return text === '' ? undefined : parseProcessStat(text)
}

// Processes come and go between the listing and the reading.
function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
