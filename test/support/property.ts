// Property tests: in CI the same cases on every machine, so that a rare one cannot fail somebody else's change; at
// night (NIGHTLY=1) new ones and twenty times as many. PROPERTY_SEED repeats a run.
import fc from 'fast-check'

const { NIGHTLY, PROPERTY_SEED } = process.env
const CI_SEED = 20_260_101
const NIGHTLY_FACTOR = 20

const isNightly = NIGHTLY === '1'

/** How often a property is tried, given how often in CI. */
export const runs = (inCi: number): number => (isNightly ? inCi * NIGHTLY_FACTOR : inCi)

fc.configureGlobal({ seed: chooseSeed(), numRuns: runs(100) })

function chooseSeed(): number {
  if (PROPERTY_SEED !== undefined) return Number(PROPERTY_SEED)
  // It is printed with the counterexample.
  return isNightly ? Math.floor(Math.random() * 2 ** 31) : CI_SEED
}

export { fc }
