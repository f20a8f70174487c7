// One measured slice of one contestant: closed-loop load, and what it cost.
import type { Running } from '../contestants/running.ts'
import type { ClosedLoopReport, Failures, Slice } from '../load/orders.ts'
import { spread } from '../statistics/statistics.ts'
import { loadTarget, type TargetOrder } from './load-target.ts'
import { readMetricSum } from './metric.ts'
import type { Bench } from './scenario.ts'
import { warmUpMs } from './warm-up.ts'

const SLICES = 4

/** Process ids that belong to the contestant itself; other groups of `cpuMs` are its helpers. */
const SELF = 'self'

export interface ClosedRoundOrder extends TargetOrder {
  readonly seconds?: number
  /** As long as a fresh process needs, unless said otherwise. */
  readonly warmUpMs?: number
}

export interface ClosedRound {
  readonly cpuUsPerRequest: number
  /** Group -> CPU of helpers such as Redis. */
  readonly helperUsPerRequest: Readonly<Record<string, number>>
  readonly generatorUsPerRequest: number
  readonly requestsPerSecond: number
  readonly answered: number
  /** Share of the time that the contestant was on a core: near 1 it was the bottleneck. */
  readonly busy: number
  /** Share of the core's time that somebody else took, the machine underneath included. */
  readonly foreign: number
  readonly rssBytes: number
  /** Of the CPU per request between the slices of this round. */
  readonly spread: number
  readonly sliceUsPerRequest: readonly number[]
  /** Requests since its start that did not do all that they should have cost. */
  readonly shortcuts: number
  readonly failures: Failures
}

export async function measureClosed(
  bench: Bench,
  running: Running,
  order: ClosedRoundOrder,
): Promise<ClosedRound> {
  const { contestant } = running
  const seconds = order.seconds ?? bench.options.seconds
  const report = await bench.load.carryOut({
    kind: 'closed-loop',
    target: loadTarget(running, order),
    warmUpMs: order.warmUpMs ?? warmUpMs(bench.options),
    slices: SLICES,
    sliceMs: (seconds * 1000) / SLICES,
    watch: { [SELF]: running.pids(), ...contestant.helpers },
    core: bench.cores.measured,
  })
  const { shortcutMetric } = contestant
  const shortcuts = shortcutMetric === undefined ? 0 : await readMetricSum(running, shortcutMetric)
  return { ...summarizeRound(report, contestant.launch !== undefined), shortcuts }
}

/** `alone`: the measured core is the contestant's, so what else ran there is foreign. */
export function summarizeRound(report: ClosedLoopReport, alone: boolean): Omit<ClosedRound, 'shortcuts'> {
  const total = addSlices(report.slices)
  const { [SELF]: selfMs = 0, ...helpersMs } = total.cpuMs
  const perRequest = (ms: number) => usPer(ms, total.answered)
  const sliceUsPerRequest = report.slices.map(({ cpuMs, answered }) => usPer(cpuMs[SELF] ?? 0, answered))
  return {
    cpuUsPerRequest: perRequest(selfMs),
    helperUsPerRequest: mapValues(helpersMs, perRequest),
    generatorUsPerRequest: perRequest(report.generatorCpuMs),
    requestsPerSecond: (total.answered * 1000) / total.ms,
    answered: total.answered,
    busy: selfMs / total.ms,
    foreign: alone ? Math.max(0, total.core.busyMs + total.core.stolenMs - selfMs) / total.ms : 0,
    rssBytes: report.rssBytes[SELF] ?? 0,
    spread: spread(sliceUsPerRequest),
    sliceUsPerRequest,
    failures: report.failures,
  }
}

/** NaN, and so a dash in the tables, when nothing was answered. */
function usPer(ms: number, answered: number): number {
  return answered === 0 ? Number.NaN : (ms * 1000) / answered
}

function addSlices(slices: readonly Slice[]): Slice {
  return slices.reduce((sum, slice) => ({
    ms: sum.ms + slice.ms,
    answered: sum.answered + slice.answered,
    cpuMs: mapValues(sum.cpuMs, (ms, name) => ms + (slice.cpuMs[name] ?? 0)),
    core: {
      busyMs: sum.core.busyMs + slice.core.busyMs,
      stolenMs: sum.core.stolenMs + slice.core.stolenMs,
    },
  }))
}

function mapValues(record: Readonly<Record<string, number>>, map: (value: number, name: string) => number) {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]))
}
