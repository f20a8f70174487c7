// What a scenario is given and what it returns.
import type { Backend } from '../backend/backend.ts'
import type { SharedServices } from '../backend/shared-services.ts'
import type { Contestant } from '../contestants/contestant.ts'
import type { Place } from '../contestants/running.ts'
import type { LoadClient } from '../load/load-client.ts'
import type { Cores } from '../machine/cores.ts'
import type { Options } from '../options.ts'

export interface Bench {
  readonly options: Options
  readonly cores: Cores
  /** For configs and files; deleted at the end. */
  readonly folder: string
  readonly backend: Backend
  /** In front of the backend with fixed answers. */
  readonly place: Place
  readonly load: LoadClient
  /** Started when first asked for. */
  sharedServices(): Promise<SharedServices>
  /** What is going on, for whoever waits. */
  progress(text: string): void
}

export interface Table {
  readonly title: string
  /** Below the title, before the table: what is measured and how. */
  readonly about: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Below the table: missing contestants, wide spreads, wrong answers. */
  readonly notes: readonly string[]
}

export interface ScenarioResult {
  readonly tables: readonly Table[]
  /** Everything that was read, for results.json. */
  readonly raw: unknown
  /** It ended early: there are no numbers. */
  readonly failed?: true
  /** Answers that were not as expected: then the numbers mean nothing. */
  readonly wrongAnswers: number
}

export type Scenario = (bench: Bench) => Promise<ScenarioResult>

export interface Field {
  readonly present: readonly Contestant[]
  /** One sentence for each that is not. */
  readonly missing: readonly string[]
}

export function fieldOf(contestants: readonly Contestant[]): Field {
  return {
    present: contestants.filter(({ missing }) => missing === undefined),
    missing: contestants.flatMap(({ name, missing }) => (missing ? [`${name} is missing: ${missing}.`] : [])),
  }
}
