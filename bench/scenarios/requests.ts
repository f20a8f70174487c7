// The scenarios `bare`, `full` and `full-exact`: what one small request costs, contestants interleaved in each round.
import { bareHttpProxy } from '../contestants/bare-http-proxy.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { nodeAlone, nodeUndici } from '../contestants/node-floor.ts'
import { caddy, direct, haproxy, nginx } from '../contestants/peers.ts'
import { startContestant } from '../contestants/running.ts'
import { turnpikeBare } from '../contestants/turnpike.ts'
import type { ScenarioName } from '../options.ts'
import { type ClosedRound, measureClosed } from './closed-round.ts'
import { fullContestants } from './full-contestants.ts'
import { requestsTable } from './requests-table.ts'
import { type Bench, type Field, fieldOf, type ScenarioResult } from './scenario.ts'

const CONNECTIONS = 64

/** Contestant -> its rounds, in order. */
export type RoundsByContestant = Readonly<Record<string, readonly ClosedRound[]>>

/** All of them in one run, so that each round compares processes that ran within the same minute. */
export async function measureRequests(bench: Bench, names: readonly ScenarioName[]): Promise<ScenarioResult> {
  const field = await chooseField(bench, names)
  const rounds = await measureRounds(bench, field.present)
  return {
    tables: [requestsTable(rounds, { connections: CONNECTIONS, remarks: field.missing })],
    raw: rounds,
    wrongAnswers: Object.values(rounds)
      .flat()
      .reduce((sum, { failures }) => sum + failures.count, 0),
  }
}

async function chooseField(bench: Bench, names: readonly ScenarioName[]): Promise<Field> {
  const own: Contestant[] = names.includes('bare') ? [turnpikeBare(bench.options.build)] : []
  const peers = bench.options.quick ? [] : [haproxy, caddy, nodeAlone, nodeUndici]
  const full = await fullContestants(bench, names)
  // nginx and the bare library are what everything is compared with: they run in every round.
  return fieldOf([direct, nginx, ...peers, bareHttpProxy, ...own, ...full])
}

async function measureRounds(bench: Bench, contestants: readonly Contestant[]): Promise<RoundsByContestant> {
  const rounds: Record<string, ClosedRound[]> = {}
  for (let round = 1; round <= bench.options.rounds; round++) {
    for (const contestant of contestants) {
      bench.progress(`requests, round ${round} of ${bench.options.rounds}: ${contestant.name}`)
      const measured = await measureOnce(bench, contestant)
      rounds[contestant.name] = [...(rounds[contestant.name] ?? []), measured]
    }
  }
  return rounds
}

async function measureOnce(bench: Bench, contestant: Contestant): Promise<ClosedRound> {
  const running = await startContestant(contestant, bench.place)
  try {
    return await measureClosed(bench, running, { connections: CONNECTIONS })
  } finally {
    await running.stop()
  }
}
