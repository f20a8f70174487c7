// `npm run fuzz -- --seconds N [--target NAME] [--seed N] [--runs N] [--keep]`: each target for so long, or so often.
import { parseArgs } from 'node:util'
import { dice } from '../support/dice.ts'
import { BlockCoverage } from './block-coverage.ts'
import { keepInput, readCorpus } from './corpus.ts'
import { type FuzzReport, type FuzzTarget, fuzz } from './fuzzer.ts'
import { knownTargets, targets } from './targets.ts'

const ROOT = new URL('../..', import.meta.url).href

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: 'Infinity' },
    runs: { type: 'string', default: 'Infinity' },
    target: { type: 'string' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    /** Adds what was found to the corpus. */
    keep: { type: 'boolean', default: false },
  },
})

/** Of the code under test, not of the fuzzer. */
const OURS = ['src/', 'plugins/', 'test/fuzz/targets/planted.ts'].map((path) => `${ROOT}${path}`)
const isOurs = (url: string) => OURS.some((start) => url.startsWith(start))

async function main(): Promise<number> {
  const chosen =
    values.target === undefined ? targets : knownTargets.filter(({ name }) => name === values.target)
  if (chosen.length === 0) throw new Error(`no target ${values.target}: ${targets.map(({ name }) => name)}`)
  if (values.seconds === values.runs) throw new Error('for how long? --seconds N or --runs N')
  for (const target of chosen) if (!(await run(target))) return 1
  return 0
}

async function run(target: FuzzTarget): Promise<boolean> {
  const endsAt = performance.now() + Number(values.seconds) * 1000
  const startedAt = performance.now()
  const coverage = new BlockCoverage(isOurs)
  const report = await fuzz(target, {
    seeds: readCorpus(target.name),
    coverage,
    random: dice(Number(values.seed)),
    goesOn: (runs) => runs < Number(values.runs) && performance.now() < endsAt,
  })
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  const { runs, found } = report
  console.log(
    `${target.name}: ${runs} inputs in ${seconds} s, ${coverage.size} characters reached, ${found.length} inputs found (--seed ${values.seed})`,
  )
  coverage.end()
  if (values.keep) for (const input of found) keepInput(target.name, input)
  return !tellFailure(target, report)
}

function tellFailure(target: FuzzTarget, { failure }: FuzzReport): boolean {
  if (failure === undefined) return false
  const { input, reason } = failure
  const kept = values.keep ? `kept as ${keepInput(target.name, input)}` : 'kept with --keep'
  console.log(
    `${target.name}: FAILED, ${kept}\n${JSON.stringify(input.toString('latin1'))}\nbase64 ${input.toString('base64')}`,
  )
  console.log(reason)
  return true
}

process.exitCode = await main()
