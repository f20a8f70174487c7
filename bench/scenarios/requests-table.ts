// The table of `bare`, `full` and `full-exact`.
import { doubtsAbout, unsaturated } from '../report/doubts.ts'
import { megabytes, micros, percentOf, times, whole } from '../report/format.ts'
import { lowest, median, medianRatio, spread } from '../statistics/statistics.ts'
import type { ClosedRound } from './closed-round.ts'
import type { RoundsByContestant } from './requests.ts'
import type { Table } from './scenario.ts'

const COLUMNS = [
  'contestant',
  'CPU µs/request, min',
  'median',
  'of nginx',
  'of http-proxy',
  'requests/s',
  'core busy',
  'RSS',
  'spread of rounds',
  'Redis µs/request',
]

export interface RequestsFacts {
  readonly connections: number
  readonly remarks: readonly string[]
}

export function requestsTable(rounds: RoundsByContestant, { connections, remarks }: RequestsFacts): Table {
  const names = Object.keys(rounds)
  return {
    title: 'bare, full, full-exact: one small request',
    about:
      `GET of a small JSON over ${connections} keep-alive connections. CPU is user + system of all processes of ` +
      'the contestant; the ratios are medians of the ratios within each round. `direct` is the backend itself, ' +
      '`node alone` and `node + undici` are what the gateway stands on, without a gateway.',
    columns: COLUMNS,
    rows: names.map((name) => rowOf(name, rounds)),
    notes: [
      ...remarks,
      generatorNote(rounds),
      ...names.flatMap((name) => doubtsAbout(name, rounds[name] ?? [])),
      ...names.filter((name) => name !== 'direct').flatMap((name) => unsaturated(name, rounds[name] ?? [])),
    ],
  }
}

function rowOf(name: string, all: RoundsByContestant): string[] {
  const rounds = all[name] ?? []
  const cpu = cpuOf(rounds)
  const ratio = (other: string) =>
    name === 'direct' ? Number.NaN : medianRatio(cpu, cpuOf(all[other] ?? []))
  const middle = (pick: (round: ClosedRound) => number) => median(rounds.map(pick))
  return [
    name,
    micros(lowest(cpu)),
    micros(median(cpu)),
    times(ratio('nginx')),
    times(ratio('http-proxy')),
    whole(middle((round) => round.requestsPerSecond)),
    percentOf(middle((round) => round.busy)),
    megabytes(middle((round) => round.rssBytes)),
    percentOf(spread(cpu)),
    micros(middle((round) => round.helperUsPerRequest['redis'] ?? Number.NaN)),
  ]
}

function cpuOf(rounds: readonly ClosedRound[]): number[] {
  return rounds.map(({ cpuUsPerRequest }) => cpuUsPerRequest)
}

function generatorNote(rounds: RoundsByContestant): string {
  const direct = rounds['direct'] ?? []
  const cost = median(direct.map(({ generatorUsPerRequest }) => generatorUsPerRequest))
  const rate = median(direct.map(({ requestsPerSecond }) => requestsPerSecond))
  return (
    `The generator takes ${micros(cost)} µs a request and gets ${whole(rate)} requests/s from the backend ` +
    'beside it: a contestant above that rate could not be told apart.'
  )
}
