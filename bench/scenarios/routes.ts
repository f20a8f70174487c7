// The scenario `routes`: what many routes cost to read, to build, to match, to keep and to exchange under load.
import { execFile } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Running, startContestant } from '../contestants/running.ts'
import { configFile, turnpikeWithRoutes } from '../contestants/turnpike.ts'
import { manyRoutesConfig } from '../contestants/turnpike-configs.ts'
import type { Failures } from '../load/orders.ts'
import { onMeasuredCore } from '../machine/cores.ts'
import { readMetric } from './metric.ts'
import { measureOpen } from './open-round.ts'
import type { RouteCosts } from './route-costs.ts'
import { routesTables } from './routes-table.ts'
import type { Bench, ScenarioResult } from './scenario.ts'
import { warmUp } from './warm-up.ts'

const COUNTS = [10, 1000, 10_000, 50_000]
const QUICK_COUNTS = [10, 10_000]
const RELOADS = 3
const QUICK_RELOADS = 1
const PER_SECOND = 500
/** Longer than the gateway waits after a change of the file, and than the load takes to begin. */
const MARGIN_MS = 1000
const SETTLE_MS = 1000

export interface ReloadCosts {
  readonly rssBytes: number
  readonly rssAfterBytes: number
  readonly startMs: number
  readonly reloads: number
  /** Worst latency from the scheduled time, and the gateway's own reading of its event loop. */
  readonly quiet: Stall
  readonly reloading: Stall
  readonly failures: readonly Failures[]
}

export interface Stall {
  readonly worstMs: number
  readonly loopLagMs: number
}

export interface RoutesMeasured {
  readonly routes: number
  readonly costs: RouteCosts
  readonly reload: ReloadCosts
}

export async function measureRoutes(bench: Bench): Promise<ScenarioResult> {
  const measured: RoutesMeasured[] = []
  for (const routes of bench.options.quick ? QUICK_COUNTS : COUNTS) {
    bench.progress(`routes: ${routes}`)
    const costs = await measureCosts(bench, routes)
    measured.push({ routes, costs, reload: await measureReloads(bench, routes) })
  }
  return {
    tables: routesTables(measured, { perSecond: PER_SECOND, reloads: reloadsOf(bench) }),
    raw: measured,
    wrongAnswers: measured
      .flatMap(({ reload }) => reload.failures)
      .reduce((sum, { count }) => sum + count, 0),
  }
}

async function measureCosts({ folder, cores, place }: Bench, routes: number): Promise<RouteCosts> {
  const file = join(mkdtempSync(join(folder, 'routes-')), 'turnpike.yaml')
  writeFileSync(file, manyRoutesConfig(place, { routes, revision: 0 }))
  const script = fileURLToPath(new URL('./route-costs.ts', import.meta.url))
  const command = [process.execPath, '--conditions=turnpike-source', script, file, String(routes)]
  const [program = '', ...args] = onMeasuredCore(cores, command)
  const { stdout } = await promisify(execFile)(program, args)
  return JSON.parse(stdout)
}

async function measureReloads(bench: Bench, routes: number): Promise<ReloadCosts> {
  const running = await startContestant(turnpikeWithRoutes(bench.options.build, routes), bench.place)
  try {
    await sleep(SETTLE_MS)
    const rssBytes = running.usage().rssBytes
    await warmUp(bench, running)
    const quiet = await stallDuring(bench, running, async () => {})
    const before = await appliedReloads(running)
    const reloading = await stallDuring(bench, running, () => reloadRepeatedly(bench, running, routes))
    return {
      rssBytes,
      rssAfterBytes: running.usage().rssBytes,
      startMs: running.startMs,
      reloads: (await appliedReloads(running)) - before,
      quiet: quiet.stall,
      reloading: reloading.stall,
      failures: [quiet.failures, reloading.failures],
    }
  } finally {
    await running.stop()
  }
}

/** Load that lasts as long as reloads of this gateway are expected to take, with `disturb` beside it. */
async function stallDuring(bench: Bench, running: Running, disturb: () => Promise<unknown>) {
  // Reading the highest lag also resets it.
  await readMetric(running, 'nodejs_eventloop_lag_max_seconds')
  const seconds = (MARGIN_MS + reloadsOf(bench) * pauseBetween(running)) / 1000
  const load = measureOpen(bench, running, { perSecond: PER_SECOND, seconds })
  const [report] = await Promise.all([load, disturb()])
  const lag = await readMetric(running, 'nodejs_eventloop_lag_max_seconds')
  return {
    stall: { worstMs: report.latency.maxMs, loopLagMs: lag * 1000 },
    failures: report.failures,
  }
}

// Not by asking whether it is done: the answer to /metrics is work on the same event loop.
async function reloadRepeatedly(bench: Bench, running: Running, routes: number): Promise<void> {
  await sleep(MARGIN_MS)
  for (let revision = 1; revision <= reloadsOf(bench); revision++) {
    writeFileSync(configFile(running.site), manyRoutesConfig(running.site, { routes, revision }))
    await sleep(pauseBetween(running))
  }
}

function reloadsOf({ options }: Bench): number {
  return options.quick ? QUICK_RELOADS : RELOADS
}

/** A reload takes no longer than the start did, which did the same and more. */
function pauseBetween({ startMs }: Running): number {
  return startMs + MARGIN_MS
}

function appliedReloads(running: Running): Promise<number> {
  return readMetric(running, 'gateway_config_reloads_total{outcome="applied"}')
}
