// The gateway with everything switched on, as a contestant; missing where there is no Redis.
import type { Contestant } from '../contestants/contestant.ts'
import { turnpikeFull } from '../contestants/turnpike.ts'
import { EXACT_LIMIT, FULL_LIMIT } from '../contestants/turnpike-configs.ts'
import type { ScenarioName } from '../options.ts'
import type { Bench } from './scenario.ts'

const LIMITS = { full: FULL_LIMIT, 'full-exact': EXACT_LIMIT } as const

type FullName = keyof typeof LIMITS

/** Those of `full` and `full-exact` that are asked for. */
export async function fullContestants(
  bench: Bench,
  names: readonly ScenarioName[],
): Promise<readonly Contestant[]> {
  const wanted = names.filter((name): name is FullName => name in LIMITS)
  if (wanted.length === 0) return []
  const { redis, collectorUrl } = await bench.sharedServices()
  return wanted.map((name) => {
    const title = `turnpike ${name}`
    if (redis === undefined) return withoutRedis(title)
    return turnpikeFull({
      name: title,
      build: bench.options.build,
      limit: LIMITS[name],
      redisUrl: redis.url,
      redisPid: redis.pid,
      collectorUrl,
    })
  })
}

function withoutRedis(name: string): Contestant {
  return {
    name,
    missing: 'its limits need a redis-server (apt-get install redis-server)',
    launch: undefined,
    requests: () => [],
  }
}
