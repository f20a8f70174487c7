// What the configuration in force is, and how the last attempt to change it went.
import type { Clock } from '../plugin.ts'
import { INSTRUMENTS } from './instruments.ts'
import type { MetricRegistry } from './metric-registry.ts'

/** `applied`: a new generation serves. `unchanged`: loaded, nothing differs. `refused`: the old one serves on. */
type ReloadOutcome = 'applied' | 'unchanged' | 'refused'

const OUTCOMES: readonly ReloadOutcome[] = ['applied', 'unchanged', 'refused']

export type RecordReload = (outcome: ReloadOutcome, hash: string) => void

/** `hash` is always that of the configuration that serves afterwards. */
export function observeConfig(registry: MetricRegistry, clock: Clock): RecordReload {
  let successful = 0
  let loadedAtSeconds = 0
  let serving = ''
  const counters = OUTCOMES.map((outcome) => registry.bindCounter(INSTRUMENTS.reloads, { outcome }))
  registry.observe(INSTRUMENTS.reloadSuccessful, () => successful)
  registry.observe(INSTRUMENTS.reloadTimestamp, () => loadedAtSeconds)
  registry.listValues(INSTRUMENTS.configInfo, () => (serving === '' ? [] : [[{ hash: serving }, 1]]))
  return (outcome, hash) => {
    counters[OUTCOMES.indexOf(outcome)]?.add(1)
    successful = outcome === 'refused' ? 0 : 1
    serving = hash
    if (outcome !== 'refused') loadedAtSeconds = Math.floor(clock.epochMs() / 1000)
  }
}
