// A process of its own that takes from a limit of 600 a minute as often as it is told, and prints how often it could.
import { createRedisStore } from '../../../src/store/redis-store.ts'
import { realClock } from './real-clock.ts'
import { RecordingLogger, RecordingMeter } from './recorders.ts'

const [url, keyPrefix, key, times] = process.argv.slice(2) as [string, string, string, string]
const store = createRedisStore({
  url,
  keyPrefix,
  clock: realClock,
  logger: new RecordingLogger(),
  meter: new RecordingMeter(),
  commandTimeoutMs: 20_000,
})

while (!store.healthy) await new Promise((resolve) => setTimeout(resolve, 5))
const takes = Array.from({ length: Number(times) }, () =>
  store.take([{ kind: 'window', key, limit: 600, windowMs: 60_000 }]),
)
const verdicts = await Promise.all(takes)
process.stdout.write(String(verdicts.filter((verdict) => verdict.allowed).length))
await store.close()
