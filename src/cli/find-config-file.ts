// Which config a command means: the one named, else the one that lies in the working directory.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

const NAMES = ['turnpike.yaml', 'turnpike.yml', 'turnpike.json', 'turnpike.config.ts', 'turnpike.config.js']

/** An absolute path; a named file need not exist (loading says so). Undefined: none named, none found. */
export function findConfigFile(named: string | undefined, cwd: string): string | undefined {
  if (named !== undefined) return resolve(cwd, named)
  return NAMES.map((name) => resolve(cwd, name)).find((file) => existsSync(file))
}
