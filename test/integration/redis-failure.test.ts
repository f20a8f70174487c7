import { connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import type { LimitCheck } from '../../src/plugin.ts'
import { createRedisStore, type RedisStore } from '../../src/store/redis-store.ts'
import { ProcessTime } from '../support/process-time.ts'
import { startRedis, type TestRedis } from '../support/redis.ts'
import { startRawTarget } from '../support/target-server.ts'
import { realClock } from '../unit/store/real-clock.ts'
import { RecordingLogger, RecordingMeter } from '../unit/store/recorders.ts'

const COMMAND_TIMEOUT_MS = 50
/** Ten times the timeout: a request that waits for Redis takes seconds. */
const BOUND_MS = COMMAND_TIMEOUT_MS * 10
const RECOVERY_MS = 2000
const CHECK: LimitCheck = { kind: 'window', key: 'k', limit: 1_000_000, windowMs: 60_000 }

let redis: TestRedis
let store: RedisStore
let logger: RecordingLogger
let meter: RecordingMeter
let time: ProcessTime
let unhandled: unknown[]
const onUnhandled = (reason: unknown): void => void unhandled.push(reason)

beforeEach(async () => {
  unhandled = []
  time = new ProcessTime()
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
  await expect.poll(() => store.healthy).toBe(true)
})

afterEach(async () => {
  await store.close()
  await redis.stop()
  time.stop()
  process.off('unhandledRejection', onUnhandled)
  expect(unhandled).toEqual([])
})

interface Taken {
  readonly outcome: string
  /** Of process time: what this process waited, not what others took from it. */
  readonly tookMs: number
}

async function take(): Promise<Taken> {
  const startedAt = time.now()
  const outcome = await store.take([CHECK]).then(
    () => 'ok',
    (error) => error.code as string,
  )
  return { outcome, tookMs: time.now() - startedAt }
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
  await expect.poll(() => taken.length).toBeGreaterThan(from + count)
}

/** Milliseconds of process time until the store answers again. */
async function recovery(): Promise<number> {
  const startedAt = time.now()
  await expect.poll(async () => (await take()).outcome, { interval: 10 }).toBe('ok')
  return time.now() - startedAt
}

function expectBounded(taken: readonly Taken[]): void {
  expect(taken.filter((one) => one.tookMs >= BOUND_MS)).toEqual([])
  expect(new Set(taken.map((one) => one.outcome))).toEqual(new Set(['ok', 'STORE_UNAVAILABLE']))
}

/** Thousands of failures, but a line only when the store goes and when it is back. */
function expectLinePerChange(): void {
  const levels = logger.lines.map((line) => line.level)
  expect(levels.length).toBeGreaterThanOrEqual(2)
  // A Redis that gets no CPU for 50 ms is one that is down: it may happen twice.
  expect(levels).toEqual(levels.map((_, at) => (at % 2 === 0 ? 'warn' : 'info')))
}

describe('when Redis is killed under load', () => {
  it('every request is answered in time, and two seconds after its return all is well', async () => {
    const { taken, stop } = load()
    await untilTaken(taken, 200)
    await redis.kill()
    await expect.poll(() => store.healthy).toBe(false)
    await untilTaken(taken, 2000)
    await redis.restart()
    const recoveredMs = await recovery()
    await untilTaken(taken, 200)
    expectBounded(await stop())
    expect(recoveredMs).toBeLessThan(RECOVERY_MS)
    expectLinePerChange()
    expect(meter.count('store_errors_total', { reason: 'connection' })).toBeGreaterThan(0)
  })
})

describe('when Redis hangs with its connections up', () => {
  it('requests wait for the command timeout once, then not at all, until it goes on', async () => {
    const { taken, stop } = load()
    await untilTaken(taken, 200)
    redis.pause()
    await expect.poll(() => store.healthy).toBe(false)
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
    await expect.poll(() => meter.count('store_errors_total', { reason: 'connection' })).toBeGreaterThan(4)
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
    await expect.poll(() => meter.read('store_up')).toBe(0)
    await redis.restart()
    expect(await recovery()).toBeLessThan(RECOVERY_MS)
    await expect.poll(() => meter.read('store_up')).toBe(1)
  })
})

describe('when Redis restarts', () => {
  it('an idle store notices by itself and sends the script anew', async () => {
    await take()
    await redis.kill()
    await expect.poll(() => store.healthy).toBe(false)
    await redis.restart()
    await expect.poll(() => store.healthy).toBe(true)
    await recovery()
  })
})

describe('when Redis forgets everything (FLUSHALL, SCRIPT FLUSH)', () => {
  it('under load nothing fails, and what was counted begins anew, no more than the limit each time', async () => {
    // Nothing may count twice because the first answer came late.
    const patient = createRedisStore({
      url: redis.url,
      clock: realClock,
      logger,
      meter,
      commandTimeoutMs: 10_000,
    })
    onTestFinished(() => patient.close())
    const small: LimitCheck = { kind: 'window', key: 'small', limit: 3, windowMs: 3_600_000 }
    const tokens: LimitCheck = { kind: 'rate', key: 'tokens', limit: 1, periodMs: 3_600_000, burst: 4 }
    const admitted = async (check: LimitCheck): Promise<number> => {
      const verdicts = await Promise.all(Array.from({ length: 10 }, () => patient.take([check])))
      return verdicts.filter(({ allowed }) => allowed).length
    }
    const { taken, stop } = load()
    for (let time = 0; time < 3; time++) {
      await untilTaken(taken, 200)
      expect([await admitted(small), await admitted(tokens)]).toEqual([3, 4])
      expect([await admitted(small), await admitted(tokens)]).toEqual([0, 0])
      await redis.flush()
    }
    await untilTaken(taken, 200)
    await stop()
    // A Redis that gets no CPU for 50 ms is down for a moment; one that knows no script is no failure.
    expect(meter.count('store_errors_total', { reason: 'reply' })).toBe(0)
    expect(await recovery()).toBeLessThan(RECOVERY_MS)
  })
})

describe('when Redis answers half a second late', () => {
  it('requests wait for the command timeout once, then not at all', async () => {
    await store.close()
    const late = await startLateRedis(redis.port)
    onTestFinished(late.close)
    store = createRedisStore({
      url: `redis://127.0.0.1:${late.port}`,
      clock: realClock,
      logger,
      meter,
      commandTimeoutMs: COMMAND_TIMEOUT_MS,
    })
    await recovery()
    const { taken, stop } = load()
    await untilTaken(taken, 200)
    late.delayMs = 500
    await expect.poll(() => store.healthy).toBe(false)
    const sinceOpen = taken.length
    await untilTaken(taken, 2000)
    const waited = taken.slice(sinceOpen + 16).filter((one) => one.tookMs > COMMAND_TIMEOUT_MS)
    late.delayMs = 0
    await recovery()
    expectBounded(await stop())
    expect(waited.length).toBeLessThan(20)
    expect(meter.count('store_errors_total', { reason: 'timeout' })).toBeGreaterThanOrEqual(3)
  })
})

/** In front of a Redis: what this says is held back for so long. */
async function startLateRedis(redisPort: number) {
  const target = await startRawTarget((socket) => {
    const server = connect(redisPort, '127.0.0.1')
    socket.pipe(server)
    server.on('error', () => socket.destroy())
    socket.on('close', () => server.destroy())
    server.on('data', (bytes) => {
      if (late.delayMs === 0) socket.write(bytes)
      else setTimeout(() => socket.write(bytes), late.delayMs).unref()
    })
  })
  const late = { port: target.port, close: target.close, delayMs: 0 }
  return late
}
