// What the command line asks for.
import { parseArgs } from 'node:util'
import type { Build } from './contestants/turnpike.ts'

export const SCENARIOS = [
  'bare',
  'full',
  'full-exact',
  'sizes',
  'latency',
  'routes',
  'start',
  'connections',
] as const

export type ScenarioName = (typeof SCENARIOS)[number]

/** Too long for a subset that is to end within two minutes. */
const NOT_QUICK: readonly ScenarioName[] = ['full-exact', 'sizes', 'connections']

export interface Options {
  readonly scenarios: readonly ScenarioName[]
  readonly quick: boolean
  readonly rounds: number
  /** Of measuring, in each round of each contestant. */
  readonly seconds: number
  readonly build: Build
  /** Where the results go; undefined: to bench/ when the run is whole, else nowhere. */
  readonly out: string | undefined
}

export const USAGE = `usage: npm run bench -- [options]

  --quick            a subset in two minutes: fewer rounds, without ${NOT_QUICK.join(', ')}
  --only A,B         these scenarios: ${SCENARIOS.join(', ')}
  --rounds N         rounds, each with a fresh start of every contestant (5; quick: 2)
  --seconds N        of measuring per contestant and round (5; quick: 1.25)
  --dist             the built gateway instead of the sources (npm run build first)
  --out FOLDER       where RESULTS.md and results.json go; a whole run writes to bench/, a part nowhere
`

const OPTIONS = {
  quick: { type: 'boolean', default: false },
  only: { type: 'string' },
  rounds: { type: 'string' },
  seconds: { type: 'string' },
  dist: { type: 'boolean', default: false },
  out: { type: 'string' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/** Undefined: help is wanted. Throws for what cannot be understood. */
export function parseOptions(argv: readonly string[]): Options | undefined {
  const { values } = parseArgs({ args: [...argv], options: OPTIONS })
  if (values.help) return undefined
  const { quick } = values
  return {
    quick,
    scenarios: values.only === undefined ? defaultScenarios(quick) : parseScenarios(values.only),
    rounds: positive('--rounds', values.rounds, quick ? 2 : 5),
    seconds: positive('--seconds', values.seconds, quick ? 1.25 : 5),
    build: values.dist ? 'dist' : 'sources',
    out: values.out,
  }
}

/** Everything, often enough: only such a run may replace the published results. */
export function isWhole({ scenarios, rounds, quick }: Options): boolean {
  return !quick && rounds >= 5 && SCENARIOS.every((name) => scenarios.includes(name))
}

function defaultScenarios(quick: boolean): readonly ScenarioName[] {
  return quick ? SCENARIOS.filter((name) => !NOT_QUICK.includes(name)) : SCENARIOS
}

function parseScenarios(text: string): readonly ScenarioName[] {
  const names = text.split(',').map((name) => name.trim())
  const unknown = names.filter((name) => !SCENARIOS.includes(name as ScenarioName))
  if (unknown.length === 0) return SCENARIOS.filter((name) => names.includes(name))
  throw new Error(`--only: there is no scenario ${unknown.join(', ')}; known: ${SCENARIOS.join(', ')}`)
}

function positive(flag: string, text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text)
  if (number > 0 && Number.isFinite(number)) return number
  throw new Error(`${flag}: ${text} is not a number above 0`)
}
