// `npm test`: makes sure of a Redis, runs vitest, and ends with one line that says how many passed and failed.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { ensureRedisServer } from '../.ci/redis-server.ts'

const ROOT = resolve(import.meta.dirname, '..')
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs')
/** Of lines, for src and plugins. Only the whole run is measured: a part of the tests covers a part of the code. */
const LEAST_COVERAGE = 95

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly numPendingTests: number
  readonly numTodoTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
}

interface Counts {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

async function main(args: readonly string[]): Promise<number> {
  const fault = ensureRedisServer()
  if (fault) {
    console.error(fault)
    return 1
  }
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-test-'))
  try {
    const reportFile = join(folder, 'report.json')
    const exitCode = await runVitest([...options(reportFile, args.length === 0), ...args])
    return conclude(exitCode, countTests(reportFile))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function options(reportFile: string, whole: boolean): readonly string[] {
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${reportFile}`]
  const coverage = ['--coverage', `--coverage.thresholds.lines=${LEAST_COVERAGE}`]
  return ['run', ...reporters, ...(whole ? coverage : [])]
}

function runVitest(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [VITEST, ...args], { cwd: ROOT, stdio: 'inherit' })
  // On a terminal, Ctrl-C has reached vitest already.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'))
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  return new Promise((ended, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => ended(code ?? 1))
  })
}

/** A file that could not even be loaded has no tests to count: it counts as one that failed. */
function countTests(reportFile: string): Counts | undefined {
  if (!existsSync(reportFile)) return undefined
  const report: Report = JSON.parse(readFileSync(reportFile, 'utf8'))
  const unloadable = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  )
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloadable.length,
    skipped: report.numPendingTests + report.numTodoTests,
  }
}

function conclude(exitCode: number, counts: Counts = { passed: 0, failed: 0, skipped: 0 }): number {
  const { passed, failed, skipped } = counts
  const ran = passed + failed > 0
  if (!ran) console.error('tests: no test ran')
  else if (exitCode !== 0 && failed === 0) console.error('tests: failed outside of the tests, see above')
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`)
  return exitCode === 0 && (!ran || failed > 0) ? 1 : exitCode
}

process.exitCode = await main(process.argv.slice(2))
