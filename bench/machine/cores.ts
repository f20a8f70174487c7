// Which core is measured and where everything else runs.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { parseCoreList } from './proc-files.ts'
import { findProgram } from './programs.ts'

export interface Cores {
  /** The one that the measured process has to itself. */
  readonly measured: number
  /** Of the generator, the backend and all else; the same one where there is only one. */
  readonly load: readonly number[]
  /** The program that pins. Undefined: the kernel places everything as it likes. */
  readonly taskset: string | undefined
  /** For the report. */
  readonly note: string
}

export function chooseCores(): Cores {
  const status = readFileSync('/proc/self/status', 'utf8')
  const allowed = parseCoreList(/^Cpus_allowed_list:\s*(.+)$/m.exec(status)?.[1] ?? '0')
  const measured = allowed[0] ?? 0
  const others = allowed.slice(1)
  const load = others.length > 0 ? others : [measured]
  const taskset = findProgram('taskset')
  return { measured, load, taskset, note: noteOf({ measured, others, taskset }) }
}

/** This process, and with it everything that it will start unless told otherwise. */
export function moveSelf(cores: Cores): void {
  move(cores, cores.load, process.pid)
}

/** A process that runs already. */
export function moveToMeasuredCore(cores: Cores, pid: number): void {
  move(cores, [cores.measured], pid)
}

function move({ taskset }: Cores, to: readonly number[], pid: number): void {
  if (taskset === undefined) return
  execFileSync(taskset, ['--all-tasks', '--cpu-list', '--pid', to.join(','), String(pid)], {
    stdio: 'ignore',
  })
}

/** The command with what puts it on the measured core in front. */
export function onMeasuredCore(cores: Cores, command: readonly string[]): readonly string[] {
  if (cores.taskset === undefined) return command
  return [cores.taskset, '--cpu-list', String(cores.measured), ...command]
}

interface Placement extends Pick<Cores, 'measured' | 'taskset'> {
  readonly others: readonly number[]
}

function noteOf({ measured, others, taskset }: Placement): string {
  if (taskset === undefined) {
    return 'NOT PINNED: taskset (util-linux) is missing, so contestant, load and backend share cores'
  }
  if (others.length === 0) return 'ONE CORE: contestant, load and backend share it, so rates say little'
  return `contestant on core ${measured}; load, backend, Redis and collector on core ${others.join(', ')}`
}
