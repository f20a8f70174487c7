// `npm run build`: the sources as JavaScript with type declarations in dist/, the command executable.
import { chmodSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { ROOT, runStep } from './steps.ts'

const DIST = join(ROOT, 'dist')
const COMMAND = join(DIST, 'src/start.js')
const SHEBANG = '#!/usr/bin/env node\n'

function build(): number {
  // What a deleted source has left behind must not be published.
  rmSync(DIST, { recursive: true, force: true })
  if (!runStep({ name: 'compile', command: 'tsc', args: ['--project', '.ci/tsconfig.build.json'] })) return 1
  if (!readFileSync(COMMAND, 'utf8').startsWith(SHEBANG)) {
    console.error(`${COMMAND} does not start with ${SHEBANG.trim()}: it could not be run as a command`)
    return 1
  }
  chmodSync(COMMAND, 0o755)
  return 0
}

process.exitCode = build()
