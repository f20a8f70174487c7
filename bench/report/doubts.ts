// What a reader has to know before trusting a row: wide spreads, company on the core, wrong answers.
import type { Failures } from '../load/orders.ts'
import type { ClosedRound } from '../scenarios/closed-round.ts'
import { median, spread } from '../statistics/statistics.ts'
import { percentOf, whole } from './format.ts'

/** Slices of one round, and rounds of one contestant, that differ by more are told. */
const SPREAD_IN_ROUND = 0.25
const SPREAD_OF_ROUNDS = 0.3
const FOREIGN = 0.05
/** Of the answers: a few come from the cold start, before Redis is connected. */
const SHORTCUTS = 0.01
/** Below it the load, not the contestant, was the limit. */
const SATURATED = 0.9

/** One sentence for each doubt about the rounds of one contestant, in order. */
export function doubtsAbout(name: string, rounds: readonly ClosedRound[]): string[] {
  const between = spread(rounds.map(({ cpuUsPerRequest }) => cpuUsPerRequest))
  const across =
    between > SPREAD_OF_ROUNDS
      ? [`${name}: rounds differ by ${percentOf(between)}, too wide to compare.`]
      : []
  return [...across, ...rounds.flatMap((round, at) => doubtsAboutRound(`${name}, round ${at + 1}`, round))]
}

function doubtsAboutRound(title: string, round: ClosedRound): string[] {
  return [
    ...(round.sliceUsPerRequest.some(Number.isNaN) ? [`${title}: no answer during a part of it.`] : []),
    ...(round.spread > SPREAD_IN_ROUND
      ? [`${title}: its slices differ by ${percentOf(round.spread)}, too wide.`]
      : []),
    ...(round.foreign > FOREIGN
      ? [`${title}: ${percentOf(round.foreign)} of its core went to somebody else.`]
      : []),
    ...(round.shortcuts > SHORTCUTS * round.answered
      ? [`${title}: ${whole(round.shortcuts)} requests since its start were limited without Redis.`]
      : []),
    ...wrongAnswers(title, round.failures),
  ]
}

export function wrongAnswers(title: string, { count, examples }: Failures): string[] {
  return count > 0 ? [`${title}: ${count} wrong answers (${examples[0]}): its numbers mean nothing.`] : []
}

/** A sentence when the contestant's core was not full, so that its rate is not its limit. */
export function unsaturated(name: string, rounds: readonly ClosedRound[]): string[] {
  const full = median(rounds.map(({ busy, foreign }) => busy + foreign))
  if (full >= SATURATED) return []
  return [`${name}: its core was busy ${percentOf(full)} only, so its requests/s are the load's limit.`]
}
