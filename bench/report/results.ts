// Where a run is written to: the report, and beside it everything that was read.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Cores } from '../machine/cores.ts'
import type { MachineFacts } from '../machine/machine-facts.ts'
import { isWhole, type Options } from '../options.ts'
import type { ScenarioResult } from '../scenarios/scenario.ts'

const PUBLISHED = fileURLToPath(new URL('..', import.meta.url))

/** What a run was, besides its results. */
export interface RunFacts {
  readonly options: Options
  readonly cores: Cores
  readonly backend: 'nginx' | 'node'
  readonly seconds: number
  readonly date: string
  readonly machine: MachineFacts
}

export interface Run {
  readonly results: ReadonlyMap<string, ScenarioResult>
  readonly facts: RunFacts
}

/** Says where it went. */
export function writeResults(report: string, { results, facts }: Run): string {
  const folder = facts.options.out ?? (isWhole(facts.options) ? PUBLISHED : undefined)
  if (folder === undefined)
    return 'bench: a part of a whole run is not written down; give --out FOLDER to keep it'
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'RESULTS.md'), report)
  writeFileSync(join(folder, 'results.json'), `${JSON.stringify(rawResults(results, facts), null, 2)}\n`)
  return `bench: wrote RESULTS.md and results.json to ${folder}`
}

function rawResults(results: ReadonlyMap<string, ScenarioResult>, facts: RunFacts) {
  const { date, seconds, machine, cores, backend, options } = facts
  const scenarios = Object.fromEntries([...results].map(([name, { raw }]) => [name, raw]))
  return { date, seconds, machine, cores, backend, options, scenarios }
}
