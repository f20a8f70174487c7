// A coverage-guided fuzzer: an input that reaches new code is kept, and varied further.
import type { BlockCoverage } from './block-coverage.ts'
import { type Ingredients, mutate } from './mutate.ts'

export interface FuzzTarget {
  readonly name: string
  readonly maxBytes: number
  /** A second or two. */
  readonly runsInCi: number
  /** Words of the language that it reads. */
  readonly dictionary: readonly string[]
  /** Throws when a promise was broken. */
  run(input: Buffer): void | Promise<void>
}

export interface FuzzOptions {
  /** Where to start from. */
  readonly seeds: readonly Buffer[]
  readonly coverage: BlockCoverage
  /** [0, 1) */
  random(): number
  /** Asked after every batch. */
  goesOn(runs: number): boolean
}

export interface FuzzReport {
  readonly runs: number
  /** Inputs that reached something new, without the seeds. */
  readonly found: readonly Buffer[]
  readonly failure: FuzzFailure | undefined
}

export interface FuzzFailure {
  readonly input: Buffer
  readonly reason: unknown
}

/** Coverage is asked for once a batch: asking costs as much as hundreds of runs. */
const BATCH = 200

export async function fuzz(target: FuzzTarget, options: FuzzOptions): Promise<FuzzReport> {
  const { seeds, coverage, random, goesOn } = options
  const corpus = seeds.length > 0 ? [...seeds] : [Buffer.alloc(0)]
  const dictionary = target.dictionary.map((word) => Buffer.from(word))
  const ingredients: Ingredients = { corpus, dictionary, maxBytes: target.maxBytes, random }
  const first = corpus.length
  let runs = 0
  let batch: readonly Buffer[] = [...corpus]
  let failure: FuzzFailure | undefined
  do {
    failure = await runAll(target, batch)
    runs += batch.length
    const reached = coverage.take()
    if (failure === undefined && coverage.isNew(reached)) {
      if (runs > first) corpus.push(...(await choose(target, batch, coverage)))
      coverage.keep(reached)
    }
    batch = Array.from({ length: BATCH }, () => mutate(ingredients))
  } while (failure === undefined && goesOn(runs))
  return { runs, found: corpus.slice(first), failure }
}

/** Which of a batch reach something new: halved until it is one of them. */
async function choose(
  target: FuzzTarget,
  batch: readonly Buffer[],
  coverage: BlockCoverage,
): Promise<readonly Buffer[]> {
  await runAll(target, batch)
  const reached = coverage.take()
  if (!coverage.isNew(reached)) return []
  if (batch.length === 1) {
    coverage.keep(reached)
    return batch
  }
  const middle = batch.length >> 1
  const left = await choose(target, batch.slice(0, middle), coverage)
  return [...left, ...(await choose(target, batch.slice(middle), coverage))]
}

async function runAll(target: FuzzTarget, batch: readonly Buffer[]): Promise<FuzzFailure | undefined> {
  for (const input of batch) {
    try {
      await target.run(input)
    } catch (reason) {
      return { input, reason }
    }
  }
  return undefined
}
