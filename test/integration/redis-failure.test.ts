import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { LimitCheck } from '../../src/plugin.ts'
import { createRedisStore, type RedisStore } from '../../src/store/redis-store.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'
import { realClock } from '../unit/store/real-clock.ts'
import { RecordingLogger, RecordingMeter } from '../unit/store/recorders.ts'

const COMMAND_TIMEOUT_MS = 50
/** Ten times the timeout: a shared machine may hold a process up, a request that waits for Redis takes seconds. */
const BOUND_MS = COMMAND_TIMEOUT_MS * 10
const RECOVERY_MS = 2000
const CHECK: LimitCheck = { kind: 'window', key: 'k', limit: 1_000_000, windowMs: 60_000 }

let redis: TestRedis
let store: RedisStore
let logger: RecordingLogger
let meter: RecordingMeter
let unhandled: unknown[]
const onUnhandled = (reason: unknown): void => void unhandled.push(reason)

beforeEach(async () => {
  unhandled = []
  process.on('unhandledRejection', onUnhandled)
  redis = await startRedis()
  logger = new RecordingLogger()
  meter = new RecordingMeter()
  store = createRedisStore({
    url: redis.url,
    clock: realClock,
    logger,
    meter,
    commandTimeoutMs: COMMAND_TIMEOUT_MS,
  })
  await vi.waitFor(() => expect(store.healthy).toBe(true), 5000)
})

afterEach(async () => {
  await store.close()
  await redis.stop()
  process.off('unhandledRejection', onUnhandled)
  expect(unhandled).toEqual([])
})

interface Taken {
  readonly outcome: string
  readonly tookMs: number
}

async function take(): Promise<Taken> {
  const startedAt = performance.now()
  const outcome = await store.take([CHECK]).then(
    () => 'ok',
    (error) => error.code as string,
  )
  return { outcome, tookMs: performance.now() - startedAt }
}

/** Sixteen at a time until told to stop, as requests do. */
function load() {
  const taken: Taken[] = []
  let going = true
  const client = async (): Promise<void> => {
    while (going) {
      taken.push(await take())
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const clients = Array.from({ length: 16 }, client)
  const stop = async (): Promise<Taken[]> => {
    going = false
    await Promise.all(clients)
    return taken
  }
  return { taken, stop }
}

async function untilTaken(taken: readonly Taken[], count: number): Promise<void> {
  const from = taken.length
  await vi.waitFor(() => expect(taken.length).toBeGreaterThan(from + count), 5000)
}

/** Milliseconds until the store answers again. */
async function recovery(): Promise<number> {
  const startedAt = performance.now()
  await vi.waitFor(async () => expect((await take()).outcome).toBe('ok'), {
    timeout: RECOVERY_MS,
    interval: 10,
  })
  return performance.now() - startedAt
}

function expectBounded(taken: readonly Taken[]): void {
  expect(taken.filter((one) => one.tookMs >= BOUND_MS)).toEqual([])
  expect(new Set(taken.map((one) => one.outcome))).toEqual(new Set(['ok', 'STORE_UNAVAILABLE']))
}

describe('when Redis is killed under load', () => {
  it('every request is answered in time, and two seconds after its return all is well', async () => {
    const { taken, stop } = load()
    await untilTaken(taken, 200)
    await redis.kill()
    await vi.waitFor(() => expect(store.healthy).toBe(false), 5000)
    await untilTaken(taken, 2000)
    await redis.restart()
    const recoveredMs = await recovery()
    await untilTaken(taken, 200)
    expectBounded(await stop())
    expect(recoveredMs).toBeLessThan(RECOVERY_MS)
    expect(logger.lines.map((line) => line.level)).toEqual(['warn', 'info'])
    expect(meter.count('store_errors_total', { reason: 'connection' })).toBeGreaterThan(0)
  })
})

describe('when Redis hangs with its connections up', () => {
  it('requests wait for the command timeout once, then not at all, until it goes on', async () => {
    const { taken, stop } = load()
    await untilTaken(taken, 200)
    redis.pause()
    await vi.waitFor(() => expect(store.healthy).toBe(false), 5000)
    const sinceOpen = taken.length
    await untilTaken(taken, 2000)
    const waited = taken.slice(sinceOpen + 16).filter((one) => one.tookMs > COMMAND_TIMEOUT_MS)
    redis.resume()
    const recoveredMs = await recovery()
    const all = await stop()
    expectBounded(all)
    expect(waited.length).toBeLessThan(20)
    expect(recoveredMs).toBeLessThan(RECOVERY_MS)
    expect(meter.count('store_errors_total', { reason: 'timeout' })).toBeGreaterThanOrEqual(3)
  })

  it('recovers as fast after an outage longer than any timeout', async () => {
    await take()
    redis.pause()
    await Promise.all([take(), take(), take()])
    await vi.waitFor(
      () => expect(meter.count('store_errors_total', { reason: 'connection' })).toBeGreaterThan(4),
      {
        timeout: 10_000,
      },
    )
    expect(store.healthy).toBe(false)
    redis.resume()
    expect(await recovery()).toBeLessThan(RECOVERY_MS)
  })
})

describe('when Redis is not there at the start', () => {
  it('the store refuses at once, and works within two seconds of its coming', async () => {
    await store.close()
    await redis.kill()
    store = createRedisStore({
      url: redis.url,
      clock: realClock,
      logger,
      meter,
      commandTimeoutMs: COMMAND_TIMEOUT_MS,
    })
    const refused = await Promise.all(Array.from({ length: 100 }, take))
    expect(new Set(refused.map((one) => one.outcome))).toEqual(new Set(['STORE_UNAVAILABLE']))
    await vi.waitFor(() => expect(meter.read('store_up')).toBe(0), 5000)
    await redis.restart()
    expect(await recovery()).toBeLessThan(RECOVERY_MS)
    expect(meter.read('store_up')).toBe(1)
  })
})

describe('when Redis restarts', () => {
  it('an idle store notices by itself and sends the script anew', async () => {
    await take()
    await redis.kill()
    await vi.waitFor(() => expect(store.healthy).toBe(false), 5000)
    await redis.restart()
    await vi.waitFor(() => expect(store.healthy).toBe(true), { timeout: RECOVERY_MS, interval: 10 })
    expect((await take()).outcome).toBe('ok')
  })
})
