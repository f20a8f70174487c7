// The scenario `latency`: what a contestant adds to the direct call at a fixed rate.
import { bareHttpProxy } from '../contestants/bare-http-proxy.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { direct, nginx } from '../contestants/peers.ts'
import { startContestant } from '../contestants/running.ts'
import { turnpikeBare } from '../contestants/turnpike.ts'
import type { OpenLoopReport } from '../load/orders.ts'
import { wrongAnswers } from '../report/doubts.ts'
import { millis } from '../report/format.ts'
import type { LatencySummary } from '../statistics/latencies.ts'
import { median } from '../statistics/statistics.ts'
import { fullContestants } from './full-contestants.ts'
import { measureOpen } from './open-round.ts'
import { type Bench, fieldOf, type ScenarioResult, type Table } from './scenario.ts'
import { warmUp } from './warm-up.ts'

const PER_SECOND = 2000
/**
 * Behind the warm-up V8 compiled `full` for another 84 ms of the one core in the first ten seconds at this rate, and for 30 in
 * the twenty that followed (one start): other paths are hot than at full load.
 */
const LEAD_IN_MS = 10_000
const QUICK_LEAD_IN_MS = 3000

type Reports = Readonly<Record<string, readonly OpenLoopReport[]>>

export async function measureLatency(bench: Bench): Promise<ScenarioResult> {
  const full = await fullContestants(bench, ['full'])
  const { present, missing } = fieldOf([
    direct,
    nginx,
    bareHttpProxy,
    turnpikeBare(bench.options.build),
    ...full,
  ])
  const reports: Record<string, OpenLoopReport[]> = {}
  for (let round = 1; round <= bench.options.rounds; round++) {
    for (const contestant of present) {
      bench.progress(`latency, round ${round} of ${bench.options.rounds}: ${contestant.name}`)
      reports[contestant.name] = [...(reports[contestant.name] ?? []), await measureOnce(bench, contestant)]
    }
  }
  return {
    tables: [latencyTable(bench, reports, missing)],
    raw: reports,
    wrongAnswers: Object.values(reports)
      .flat()
      .reduce((sum, { failures }) => sum + failures.count, 0),
  }
}

async function measureOnce(bench: Bench, contestant: Contestant): Promise<OpenLoopReport> {
  const running = await startContestant(contestant, bench.place)
  try {
    await warmUp(bench, running)
    const { seconds } = bench.options
    return await measureOpen(bench, running, { perSecond: PER_SECOND, seconds, leadInMs: leadInMs(bench) })
  } finally {
    await running.stop()
  }
}

function leadInMs({ options }: Bench): number {
  return options.quick ? QUICK_LEAD_IN_MS : LEAD_IN_MS
}

function latencyTable(bench: Bench, reports: Reports, missing: readonly string[]): Table {
  const directly = reports['direct'] ?? []
  return {
    title: `latency: at ${PER_SECOND.toLocaleString('en-US')} requests/s`,
    about:
      'Open loop: requests leave on a fixed schedule, and latency counts from the scheduled time, behind a warm-up at ' +
      `full load and ${leadInMs(bench) / 1000} s at this rate, which V8 takes to compile for it. \`added\` is ` +
      'what a contestant has more than `direct` in the same round; every number is the median of the rounds, in ms.',
    columns: ['contestant', 'p50', 'p99', 'p99.9', 'max', 'added p50', 'added p99', 'added p99.9'],
    rows: Object.entries(reports).map(([name, own]) => rowOf(name, own, directly)),
    notes: [...missing, latenessNote(directly), ...Object.entries(reports).flatMap(doubts)],
  }
}

function rowOf(name: string, own: readonly OpenLoopReport[], directly: readonly OpenLoopReport[]): string[] {
  const middle = (pick: (summary: LatencySummary) => number) =>
    millis(median(own.map(({ latency }) => pick(latency))))
  const added = (pick: (summary: LatencySummary) => number) =>
    name === 'direct'
      ? millis(Number.NaN)
      : millis(median(own.map(({ latency }, at) => pick(latency) - pick(directly[at]!.latency))))
  return [
    name,
    middle(({ p50Ms }) => p50Ms),
    middle(({ p99Ms }) => p99Ms),
    middle(({ p999Ms }) => p999Ms),
    middle(({ maxMs }) => maxMs),
    added(({ p50Ms }) => p50Ms),
    added(({ p99Ms }) => p99Ms),
    added(({ p999Ms }) => p999Ms),
  ]
}

function latenessNote(directly: readonly OpenLoopReport[]): string {
  const p50 = median(directly.map(({ lateness }) => lateness.p50Ms))
  const p99 = median(directly.map(({ lateness }) => lateness.p99Ms))
  return `The generator itself sends ${millis(p50)} ms (p99 ${millis(p99)} ms) late; that is in every row.`
}

function doubts([name, reports]: [string, readonly OpenLoopReport[]]): string[] {
  return reports.flatMap(({ failures }, at) => wrongAnswers(`${name}, round ${at + 1}`, failures))
}
