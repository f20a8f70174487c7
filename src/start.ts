#!/usr/bin/env node
// The installed command: looks at Node before anything is imported, as an old one cannot even read the rest.
import * as nodeModule from 'node:module'
import { fileURLToPath } from 'node:url'

const OLDEST_NODE = [24, 12] as const

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major < OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor < OLDEST_NODE[1])) {
  process.stderr.write(
    `turnpike: needs Node ${OLDEST_NODE.join('.')} or newer, this is ${process.version}: install a newer one from https://nodejs.org\n`,
  )
  process.exitCode = 1
} else {
  // What V8 compiles at the first start, the next ones find. Beside the code, where nobody writes who may not change the
  // code itself: in the common folder for temporary files another user could lay out something for us to run.
  nodeModule.enableCompileCache(fileURLToPath(new URL('../.compile-cache', import.meta.url)))
  await import('./main.ts')
}
