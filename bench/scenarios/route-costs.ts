// A program of its own: reads a config, builds its generation, matches; prints the times as one JSON line.
import { plugins } from '../../plugins/index.ts'
import { configurationChecks } from '../../src/checks.ts'
import { loadConfiguration } from '../../src/config/load.ts'
import { Generation, type GenerationEnvironment } from '../../src/generation.ts'
import { HeaderList } from '../../src/headers.ts'
import { KeptState } from '../../src/kept-state.ts'
import { atOnce } from '../../src/pace.ts'
import type { MatchRequest } from '../../src/routing/route-pattern.ts'
import { createRouteTable } from '../../src/routing/route-table.ts'
import { createStores } from '../../src/stores.ts'
import { systemClock as clock, systemRandom as random } from '../../src/system-clock.ts'
import { createTelemetry } from '../../src/telemetry/telemetry.ts'
import { Turn } from '../../src/turn.ts'
import { ServicePool } from '../../src/upstream/service-pool.ts'
import { hostName, ROUTES_PER_HOST, requestPath } from '../contestants/turnpike-configs.ts'
import { median } from '../statistics/statistics.ts'

/** Once as a start does it, then as reloads do. */
const BUILDS = 5
const MATCHES = 200_000
const SAMPLES = 7
/** Different requests in a row, so that no cache knows the answer. */
const REQUESTS = 4096

/** Milliseconds; `first` is cold, `again` the median of the others. */
interface Times {
  readonly first: number
  readonly again: number
}

export interface RouteCosts {
  /** File to checked configuration. */
  readonly read: Times
  /** Configuration to a generation that can serve. */
  readonly build: Times
  /** The route table alone, a part of `build`. */
  readonly table: Times
  readonly matchUs: number
}

async function measure(file: string, routes: number): Promise<RouteCosts> {
  const environment = await createEnvironment()
  const read: number[] = []
  const build: number[] = []
  const table: number[] = []
  let generation: Generation | undefined
  for (let number = 1; number <= BUILDS; number++) {
    const from = performance.now()
    const { configuration, render } = await loadConfiguration(file, {
      plugins,
      env: {},
      checks: configurationChecks,
    })
    if (configuration === undefined) throw new Error(render(false))
    read.push(performance.now() - from)
    const old = generation
    generation = timed(build, () => atOnce(Generation.build(number, configuration, environment)))
    timed(table, () => createRouteTable(configuration.routes))
    await old?.retire()
  }
  const matchUs = matchTime(generation!, routes)
  await generation!.retire()
  return { read: timesOf(read), build: timesOf(build), table: timesOf(table), matchUs }
}

function timed<T>(into: number[], work: () => T): T {
  const from = performance.now()
  const result = work()
  into.push(performance.now() - from)
  return result
}

function timesOf([first = Number.NaN, ...again]: readonly number[]): Times {
  return { first, again: median(again) }
}

function matchTime(generation: Generation, routes: number): number {
  const requests = spreadOver(routes)
  const samples = Array.from({ length: SAMPLES }, () => {
    const from = performance.now()
    for (let at = 0; at < MATCHES; at++) {
      if (generation.table.match(requests[at % REQUESTS]!).kind !== 'route')
        throw new Error('a route is missing')
    }
    return ((performance.now() - from) * 1000) / MATCHES
  })
  return median(samples)
}

function spreadOver(routes: number): readonly MatchRequest[] {
  const perHost = Math.min(routes, ROUTES_PER_HOST)
  const headers = new HeaderList(['Accept', '*/*'])
  return Array.from({ length: REQUESTS }, (_, at) => {
    // A prime step: neighbours in the row are far from each other in the table.
    const route = (at * 7919) % routes
    const host = hostName(Math.floor(route / perHost))
    return { host, path: requestPath(route % perHost), method: 'GET', headers, query: '' }
  })
}

async function createEnvironment(): Promise<GenerationEnvironment> {
  const telemetry = await createTelemetry({
    clock,
    logLevel: 'error',
    accessLog: false,
    sample: 0,
    env: {},
    version: 'bench',
    destination: process.stderr,
  })
  const { logger, meter } = telemetry
  return {
    ...(await createStores({ redis: undefined, clock, logger, meter, random })),
    clock,
    random,
    logger,
    meter,
    states: new KeptState(),
    services: new ServicePool({
      clock,
      random,
      logger,
      observer: { start: telemetry.tracer.attempt },
      turn: new Turn(),
    }),
    record: (facts) => telemetry.route(facts),
  }
}

const [file = '', routes = '0'] = process.argv.slice(2)
process.stdout.write(`${JSON.stringify(await measure(file, Number(routes)))}\n`)
process.exit(0)
