// The scenario `start`: from exec to the first right answer, the gateway with a hundred routes.
import { bareHttpProxy } from '../contestants/bare-http-proxy.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { caddy, haproxy, nginx } from '../contestants/peers.ts'
import { startContestant } from '../contestants/running.ts'
import { turnpikeWithRoutes } from '../contestants/turnpike.ts'
import { megabytes, percentOf, whole } from '../report/format.ts'
import { lowest, median, spread } from '../statistics/statistics.ts'
import { type Bench, fieldOf, type ScenarioResult } from './scenario.ts'

const ROUTES = 100

interface Start {
  readonly ms: number
  /** Right after the first answer. */
  readonly rssBytes: number
}

export async function measureStart(bench: Bench): Promise<ScenarioResult> {
  const turnpike = turnpikeWithRoutes(bench.options.build, ROUTES)
  const { present, missing } = fieldOf([nginx, haproxy, caddy, bareHttpProxy, turnpike])
  const starts: Record<string, Start[]> = {}
  for (let round = 1; round <= bench.options.rounds; round++) {
    bench.progress(`start, round ${round} of ${bench.options.rounds}`)
    for (const contestant of present) {
      starts[contestant.name] = [...(starts[contestant.name] ?? []), await measureOnce(bench, contestant)]
    }
  }
  return {
    tables: [
      {
        title: 'start: from exec to the first right answer',
        about: `On one core. The gateway with ${ROUTES} routes, asked for one of them; the others as plain proxies.`,
        columns: ['contestant', 'min, ms', 'median, ms', 'spread', 'RSS after it'],
        rows: Object.entries(starts).map(([name, own]) => rowOf(name, own)),
        notes: missing,
      },
    ],
    raw: starts,
    wrongAnswers: 0,
  }
}

async function measureOnce(bench: Bench, contestant: Contestant): Promise<Start> {
  const running = await startContestant(contestant, bench.place)
  try {
    return { ms: running.startMs, rssBytes: running.usage().rssBytes }
  } finally {
    await running.stop()
  }
}

function rowOf(name: string, starts: readonly Start[]): string[] {
  const ms = starts.map((start) => start.ms)
  return [
    name,
    whole(lowest(ms)),
    whole(median(ms)),
    percentOf(spread(ms)),
    megabytes(median(starts.map(({ rssBytes }) => rssBytes))),
  ]
}
