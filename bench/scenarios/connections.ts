// The scenario `connections`: what idle keep-alive connections cost in memory, and what they do to the others.
import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { bareHttpProxy } from '../contestants/bare-http-proxy.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { caddy, haproxy, nginx } from '../contestants/peers.ts'
import { type Running, startContestant } from '../contestants/running.ts'
import { turnpikeBare } from '../contestants/turnpike.ts'
import { parseOpenFilesLimit } from '../machine/proc-files.ts'
import { kilobytes, megabytes, millis, whole } from '../report/format.ts'
import { median } from '../statistics/statistics.ts'
import { loadTarget } from './load-target.ts'
import { measureOpen } from './open-round.ts'
import { type Bench, fieldOf, type ScenarioResult } from './scenario.ts'
import { warmUp } from './warm-up.ts'

const WANTED = 10_000
/** Files that the generator and the contestants need besides. */
const RESERVED_FILES = 1000
const MAX_ROUNDS = 3
const PER_SECOND = 2000
const SETTLE_MS = 1000

interface IdleRound {
  readonly opened: number
  /** At the end of the round. */
  readonly stillOpen: number
  readonly rssBeforeBytes: number
  readonly rssAfterBytes: number
  readonly p99BeforeMs: number
  readonly p99AfterMs: number
  readonly wrongAnswers: number
}

export async function measureConnections(bench: Bench): Promise<ScenarioResult> {
  const { present, missing } = fieldOf([
    nginx,
    haproxy,
    caddy,
    bareHttpProxy,
    turnpikeBare(bench.options.build),
  ])
  const count = connectionCount()
  const rounds: Record<string, IdleRound[]> = {}
  for (let round = 1; round <= Math.min(MAX_ROUNDS, bench.options.rounds); round++) {
    for (const contestant of present) {
      bench.progress(`connections, round ${round}: ${contestant.name}`)
      rounds[contestant.name] = [
        ...(rounds[contestant.name] ?? []),
        await measureOnce(bench, contestant, count),
      ]
    }
  }
  return {
    tables: [
      {
        title: `connections: ${whole(count)} idle keep-alive connections`,
        about:
          `Each was used once. p99 in ms of ${PER_SECOND.toLocaleString('en-US')} requests/s on 64 other ` +
          'connections, before they were opened and while they are open. Medians of the rounds.',
        columns: [
          'contestant',
          'open at the end',
          'RSS before',
          'RSS per connection',
          'p99 before',
          'p99 with',
        ],
        rows: Object.entries(rounds).map(([name, own]) => rowOf(name, own)),
        notes: [...missing, ...limitNote(count)],
      },
    ],
    raw: rounds,
    wrongAnswers: Object.values(rounds)
      .flat()
      .reduce((sum, round) => sum + round.wrongAnswers, 0),
  }
}

async function measureOnce(bench: Bench, contestant: Contestant, count: number): Promise<IdleRound> {
  const running = await startContestant(contestant, bench.place)
  const others = { perSecond: PER_SECOND, seconds: bench.options.seconds }
  try {
    await warmUp(bench, running)
    const before = await measureOpen(bench, running, others)
    const rssBeforeBytes = running.usage().rssBytes
    const held = await hold(bench, running, count)
    const rssAfterBytes = running.usage().rssBytes
    const after = await measureOpen(bench, running, others)
    const { stillOpen } = await bench.load.carryOut({ kind: 'release' })
    return {
      opened: held.opened,
      stillOpen,
      rssBeforeBytes,
      rssAfterBytes,
      p99BeforeMs: before.latency.p99Ms,
      p99AfterMs: after.latency.p99Ms,
      wrongAnswers: before.failures.count + held.failures.count + after.failures.count,
    }
  } finally {
    await running.stop()
  }
}

async function hold(bench: Bench, running: Running, connections: number) {
  const target = loadTarget(running, { connections })
  const held = await bench.load.carryOut({ kind: 'hold', target })
  await sleep(SETTLE_MS)
  return held
}

function rowOf(name: string, rounds: readonly IdleRound[]): string[] {
  const middle = (pick: (round: IdleRound) => number) => median(rounds.map(pick))
  return [
    name,
    whole(middle(({ stillOpen }) => stillOpen)),
    megabytes(middle(({ rssBeforeBytes }) => rssBeforeBytes)),
    kilobytes(middle((round) => (round.rssAfterBytes - round.rssBeforeBytes) / round.opened)),
    millis(middle(({ p99BeforeMs }) => p99BeforeMs)),
    millis(middle(({ p99AfterMs }) => p99AfterMs)),
  ]
}

// Node, Go, nginx and HAProxy raise their soft limit by themselves; the hard one is what counts.
function connectionCount(): number {
  const hard = parseOpenFilesLimit(readFileSync('/proc/self/limits', 'utf8'))
  return Math.min(WANTED, hard - RESERVED_FILES)
}

function limitNote(count: number): string[] {
  return count < WANTED
    ? [`Only ${whole(count)}: the hard limit of open files (ulimit -Hn) allows no more.`]
    : []
}
