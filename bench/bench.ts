// `npm run bench`: starts everything on loopback, measures the scenarios one after the other, writes the tables.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Backend, startBackend } from './backend/backend.ts'
import { type SharedServices, startSharedServices } from './backend/shared-services.ts'
import { isBuilt } from './contestants/turnpike.ts'
import { type LoadClient, startLoadClient } from './load/load-client.ts'
import { chooseCores, moveSelf } from './machine/cores.ts'
import { readMachineFacts } from './machine/machine-facts.ts'
import { type Options, parseOptions, USAGE } from './options.ts'
import { renderReport } from './report/markdown.ts'
import { type RunFacts, writeResults } from './report/results.ts'
import type { Bench, ScenarioResult } from './scenarios/scenario.ts'
import { chosenMeasurements } from './scenarios/scenarios.ts'

async function main(argv: readonly string[]): Promise<number> {
  const options = readOptions(argv)
  if (typeof options === 'number') return options
  const obstacle = obstacleTo(options)
  if (obstacle !== undefined) {
    process.stderr.write(`bench: ${obstacle}\n`)
    return 1
  }
  const startedAt = performance.now()
  const cores = chooseCores()
  moveSelf(cores)
  const folder = mkdtempSync(join(tmpdir(), 'turnpike-bench-'))
  // Also when it is interrupted.
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const backend = await startBackend(folder)
  const load = startLoadClient()
  const services = lazily(startSharedServices)
  const bench: Bench = {
    options,
    cores,
    folder,
    backend,
    load,
    place: { cores, folder, backendPort: backend.port, backendPids: backend.pids },
    sharedServices: services.get,
    progress: (text) => process.stderr.write(`${text}\n`),
  }
  try {
    const results = await measure(bench)
    return report(results, { options, cores, backend: backend.program, seconds: since(startedAt) })
  } finally {
    await stopAll({ load, backend, services: services.made() })
  }
}

function readOptions(argv: readonly string[]): Options | number {
  try {
    const options = parseOptions(argv)
    if (options !== undefined) return options
    process.stdout.write(USAGE)
    return 0
  } catch (thrown) {
    process.stderr.write(`bench: ${(thrown as Error).message}\n\n${USAGE}`)
    return 64
  }
}

function obstacleTo({ build }: Options): string | undefined {
  if (process.platform !== 'linux') return 'needs Linux, where /proc tells the CPU time of every process'
  return isBuilt(build) ? undefined : 'there is no dist/ to measure: npm run build first'
}

async function measure(bench: Bench): Promise<Map<string, ScenarioResult>> {
  const results = new Map<string, ScenarioResult>()
  for (const { name, measure } of chosenMeasurements(bench.options)) {
    // What was measured so far must not be lost with it.
    results.set(name, await measure(bench).catch((thrown: Error) => failedScenario(name, thrown)))
  }
  return results
}

function failedScenario(name: string, thrown: Error): ScenarioResult {
  process.stderr.write(`bench: ${name} failed: ${thrown.stack}\n`)
  const about = `FAILED, not measured: ${thrown.message}`
  return {
    tables: [{ title: name, about, columns: [], rows: [], notes: [] }],
    raw: about,
    failed: true,
    wrongAnswers: 0,
  }
}

function report(
  results: ReadonlyMap<string, ScenarioResult>,
  run: Pick<RunFacts, 'options' | 'cores' | 'backend' | 'seconds'>,
): number {
  const facts: RunFacts = { ...run, date: new Date().toISOString(), machine: readMachineFacts() }
  const text = renderReport(results, facts)
  process.stdout.write(text)
  const written = writeResults(text, { results, facts })
  process.stderr.write(`${written}\n`)
  const all = [...results.values()]
  const wrong = all.reduce((sum, { wrongAnswers }) => sum + wrongAnswers, 0)
  if (wrong > 0) process.stderr.write(`bench: ${wrong} answers were wrong, see the notes\n`)
  return wrong > 0 || all.some(({ failed }) => failed) ? 1 : 0
}

interface Started {
  readonly load: LoadClient
  readonly backend: Backend
  readonly services: Promise<SharedServices> | undefined
}

async function stopAll({ load, backend, services }: Started): Promise<void> {
  await Promise.all([load.stop(), backend.stop(), services?.then((started) => started.stop())])
}

function lazily<T>(make: () => T): { get(): T; made(): T | undefined } {
  let made: T | undefined
  return {
    get() {
      made ??= make()
      return made
    },
    made: () => made,
  }
}

function since(startedAt: number): number {
  return Math.round((performance.now() - startedAt) / 1000)
}

process.exitCode = await main(process.argv.slice(2))
