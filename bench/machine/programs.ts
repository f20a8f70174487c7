// Programs that the benchmark starts: where they are and which version they have.
import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

// Daemons live in sbin folders, which are not on every user's PATH.
const EXTRA_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/sbin']

/** The first of these names that can be executed. */
export function findProgram(...names: readonly string[]): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...EXTRA_FOLDERS]
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable)
}

/** The first thing in a program's own words that looks like a version. */
export function versionOf(program: string, ...args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  return /\d+(?:\.\d+)+[\w.+~-]*/.exec(`${stdout ?? ''}${stderr ?? ''}`)?.[0] ?? 'unknown'
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
