// The list of what can be measured, in the order of the report.
import type { Options, ScenarioName } from '../options.ts'
import { measureConnections } from './connections.ts'
import { measureLatency } from './latency.ts'
import { measureRequests } from './requests.ts'
import { measureRoutes } from './routes.ts'
import type { Scenario } from './scenario.ts'
import { measureSizes } from './sizes.ts'
import { measureStart } from './start.ts'

export interface Measurement {
  readonly name: string
  readonly measure: Scenario
}

const REQUESTS: readonly ScenarioName[] = ['bare', 'full', 'full-exact']

const SEPARATE: Partial<Record<ScenarioName, Scenario>> = {
  sizes: measureSizes,
  latency: measureLatency,
  routes: measureRoutes,
  start: measureStart,
  connections: measureConnections,
}

/** `bare`, `full` and `full-exact` are one run: they are compared with each other and share their peers. */
export function chosenMeasurements({ scenarios }: Options): readonly Measurement[] {
  const together = scenarios.filter((name) => REQUESTS.includes(name))
  const requests = { name: 'requests', measure: (bench) => measureRequests(bench, together) } as Measurement
  const separate = scenarios.flatMap((name) => {
    const measure = SEPARATE[name]
    return measure === undefined ? [] : [{ name, measure }]
  })
  return [...(together.length > 0 ? [requests] : []), ...separate]
}
