// The scenario `sizes`: what bodies of different lengths cost, both ways, and whether they pile up in memory.
import { FILE_BYTES, MEGABYTE, SMALL_JSON } from '../backend/payloads.ts'
import { bareHttpProxy } from '../contestants/bare-http-proxy.ts'
import type { Contestant } from '../contestants/contestant.ts'
import { caddy, haproxy, nginx } from '../contestants/peers.ts'
import { type Place, type Running, startContestant } from '../contestants/running.ts'
import { turnpikeBare } from '../contestants/turnpike.ts'
import type { SlowReadReport } from '../load/orders.ts'
import { type ClosedRound, type ClosedRoundOrder, measureClosed } from './closed-round.ts'
import { type Bench, fieldOf, type ScenarioResult } from './scenario.ts'
import { sizesTable } from './sizes-table.ts'

const SMALL_CONNECTIONS = 64
/** Enough to keep a core full, and few enough that the bodies in flight are not what memory is measured by. */
const LARGE_CONNECTIONS = 16
/** Without plugins there is less to compile than in `full`. */
const FRESH_MS = 3000
/** Of a process that was measured with other sizes just before. */
const SETTLE_MS = 1500

export const BODIES = ['100 B', '10 KB', '1 MB', 'upload 1 MB'] as const

export type BodyName = (typeof BODIES)[number]

export interface SizesRound {
  readonly bodies: Readonly<Record<BodyName, ClosedRound>>
  /** RSS under the load of small answers, from the process that later had the uploads. */
  readonly uploadBaseRssBytes: number
  /** In the last round only. */
  readonly slowRead: SlowReadReport | undefined
}

const DOWNLOADS: Readonly<Record<Exclude<BodyName, 'upload 1 MB'>, ClosedRoundOrder>> = {
  '100 B': download('/100b', SMALL_CONNECTIONS),
  '10 KB': download('/10kb', SMALL_CONNECTIONS),
  '1 MB': download('/1mb', LARGE_CONNECTIONS),
}

const UPLOAD: ClosedRoundOrder = {
  connections: LARGE_CONNECTIONS,
  shape: { method: 'POST', path: '/upload', bodyBytes: MEGABYTE },
  expectedBodyBytes: SMALL_JSON.length,
}

export async function measureSizes(bench: Bench): Promise<ScenarioResult> {
  const own = turnpikeBare(bench.options.build)
  const { present, missing } = fieldOf([nginx, haproxy, caddy, bareHttpProxy, own])
  const rounds: Record<string, SizesRound[]> = {}
  for (let round = 1; round <= bench.options.rounds; round++) {
    for (const contestant of present) {
      bench.progress(`sizes, round ${round} of ${bench.options.rounds}: ${contestant.name}`)
      const slowly = round >= bench.options.rounds
      const measured = await measureOnce(bench, contestant, slowly)
      rounds[contestant.name] = [...(rounds[contestant.name] ?? []), measured]
    }
  }
  return {
    tables: [sizesTable(rounds, missing)],
    raw: rounds,
    wrongAnswers: Object.values(rounds)
      .flatMap((all) => all.flatMap(({ bodies }) => Object.values(bodies)))
      .reduce((sum, { failures }) => sum + failures.count, 0),
  }
}

async function measureOnce(bench: Bench, contestant: Contestant, slowly: boolean): Promise<SizesRound> {
  const seconds = bench.options.seconds / 2
  const fresh = { seconds, warmUpMs: FRESH_MS }
  const settled = { seconds, warmUpMs: SETTLE_MS }
  const down = await withContestant(contestant, bench.place, async (running) => ({
    '100 B': await measureClosed(bench, running, { ...DOWNLOADS['100 B'], ...fresh }),
    '10 KB': await measureClosed(bench, running, { ...DOWNLOADS['10 KB'], ...settled }),
    '1 MB': await measureClosed(bench, running, { ...DOWNLOADS['1 MB'], ...settled }),
  }))
  const uploads = { ...bench.place, backendPort: bench.backend.uploadPort }
  const up = await withContestant(contestant, uploads, async (running) => ({
    base: await measureClosed(bench, running, { connections: LARGE_CONNECTIONS, ...fresh }),
    upload: await measureClosed(bench, running, { ...UPLOAD, ...settled }),
  }))
  return {
    bodies: { ...down, 'upload 1 MB': up.upload },
    uploadBaseRssBytes: up.base.rssBytes,
    slowRead: slowly
      ? await withContestant(contestant, bench.place, (running) => readSlowly(bench, running))
      : undefined,
  }
}

async function withContestant<T>(
  contestant: Contestant,
  place: Place,
  work: (running: Running) => Promise<T>,
): Promise<T> {
  const running = await startContestant(contestant, place)
  try {
    return await work(running)
  } finally {
    await running.stop()
  }
}

/** After a load of large answers: what the program takes for itself is then there already. */
async function readSlowly(bench: Bench, running: Running): Promise<SlowReadReport> {
  const seconds = bench.options.seconds
  await measureClosed(bench, running, { ...DOWNLOADS['1 MB'], seconds: seconds / 4, warmUpMs: FRESH_MS })
  return bench.load.carryOut({
    kind: 'slow-read',
    port: running.port,
    request: running.contestant.requests({ path: '/1gb' })[0] ?? '',
    bytesPerSecond: FILE_BYTES['/1gb'] / (2 * seconds),
    watch: running.pids(),
  })
}

function download(path: keyof typeof FILE_BYTES, connections: number): ClosedRoundOrder {
  return { connections, shape: { path }, expectedBodyBytes: FILE_BYTES[path] }
}
