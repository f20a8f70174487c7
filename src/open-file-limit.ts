// How many files, and so connections, the system lets this process have open.
import { readFileSync } from 'node:fs'
import type { Logger } from './plugin.ts'

/** Linux alone says so without a program to ask. Node has raised it as far as it may by then. */
const LIMITS_FILE = '/proc/self/limits'

/** Without it, whoever is one too many is not refused but left waiting: the system takes no more connections. */
export function warnOfFileLimit(logger: Logger, connections: number): void {
  const files = openFileLimit()
  if (files === undefined || connections <= files) return
  logger.warn(
    { connections, files },
    'limits.connections is more than the files that the system allows (ulimit -n)',
  )
}

function openFileLimit(): number | undefined {
  try {
    const [, soft] = /^Max open files +(\d+)/m.exec(readFileSync(LIMITS_FILE, 'latin1')) ?? []
    return soft === undefined ? undefined : Number(soft)
  } catch {
    return undefined
  }
}
