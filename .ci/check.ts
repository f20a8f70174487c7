// `npm run check`: everything that can be said about the sources without running them.
import { runStep, type Step } from './steps.ts'

const STEPS: readonly Step[] = [
  { name: 'lint and format', command: 'biome', args: ['check', '--error-on-warnings'] },
  { name: 'types', command: 'tsc', args: ['--noEmit'] },
  { name: 'dead code', command: 'knip', args: ['--config', '.ci/knip.json'] },
  {
    name: 'generated files',
    command: 'node',
    args: ['--conditions=turnpike-source', 'docs/generate.ts', '--check'],
  },
]

const failed = STEPS.filter((step) => !runStep(step)).map(({ name }) => name)
if (failed.length > 0) console.log(`check failed: ${failed.join(', ')}`)
process.exitCode = failed.length > 0 ? 1 : 0
