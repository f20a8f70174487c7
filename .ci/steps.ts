// Runs a command as a named step and prints one line for it, and its output only when it fails.
import { spawnSync } from 'node:child_process'
import { join, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'

export const ROOT = resolve(import.meta.dirname, '..')

const MAX_OUTPUT_BYTES = 64 * 1024 * 1024

export interface Step {
  readonly name: string
  /** A program of node_modules/.bin, or `node`. */
  readonly command: string
  readonly args: readonly string[]
}

/** Prints one line for the step, and what the program said when it failed. */
export function runStep({ name, command, args }: Step): boolean {
  const startedAt = performance.now()
  const program = command === 'node' ? process.execPath : join(ROOT, 'node_modules/.bin', command)
  const { status, error, stdout, stderr } = spawnSync(program, args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: MAX_OUTPUT_BYTES,
  })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  const ok = status === 0
  console.log(
    `${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(18)} ${seconds.padStart(6)} s   ${[command, ...args].join(' ')}`,
  )
  if (!ok) console.log(error ? `cannot start ${program}: ${error.message}` : `${stdout}${stderr}`)
  return ok
}
