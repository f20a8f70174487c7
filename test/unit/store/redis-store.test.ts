import { afterEach, describe, expect, it } from 'vitest'
import type { LimitCheck } from '../../../src/plugin.ts'
import { createRedisStore, type RedisStore } from '../../../src/store/redis-store.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import {
  type Answer,
  bulk,
  type FakeRedis,
  integers,
  isScript,
  politely,
  startFakeRedis,
} from './fake-redis.ts'
import { realClock } from './real-clock.ts'
import { RecordingLogger, RecordingMeter } from './recorders.ts'

const CHECK: LimitCheck = { kind: 'window', key: 'k', limit: 100, windowMs: 60_000 }
const ADMITTED = integers(1, 1, 99, 61_000, 0)
const PROBED = integers(1, 1, 999, 1, 0)

const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function setUp(script: Answer, options: { clock?: FakeClock; commandTimeoutMs?: number } = {}) {
  const redis = await startFakeRedis((command) => (isScript(command) ? script(command) : politely(command)))
  cleanups.push(redis.close)
  return { redis, ...connectTo(redis.url, options) }
}

function connectTo(url: string, options: { clock?: FakeClock; commandTimeoutMs?: number }) {
  const logger = new RecordingLogger()
  const meter = new RecordingMeter()
  const store = createRedisStore({
    url,
    clock: realClock,
    logger,
    meter,
    commandTimeoutMs: 20_000,
    ...options,
  })
  cleanups.push(() => store.close())
  return { store, logger, meter }
}

const isReady = (store: RedisStore) => expect.poll(() => store.healthy).toBe(true)

/** Codes of takes made one after the other; `ok` for an answer. */
async function outcomes(store: RedisStore, times: number): Promise<string[]> {
  const seen: string[] = []
  for (let time = 0; time < times; time++) {
    seen.push(
      await store.take([CHECK]).then(
        () => 'ok',
        (error) => error.code,
      ),
    )
  }
  return seen
}

const scripts = (redis: FakeRedis) => redis.commands.filter((name) => name.startsWith('EVAL')).length

describe('the Redis store', () => {
  it('passes on what the script says, check by check', async () => {
    const { store } = await setUp(() => integers(0, 1, 7, 300, 0, 0, 0, 900, 450))
    await isReady(store)
    expect(store.shared).toBe(true)
    expect(await store.take([CHECK, { kind: 'rate', key: 'r', limit: 1, periodMs: 1000, burst: 1 }])).toEqual(
      {
        allowed: false,
        states: [
          { allowed: true, remaining: 7, resetMs: 300, retryAfterMs: 0 },
          { allowed: false, remaining: 0, resetMs: 900, retryAfterMs: 450 },
        ],
      },
    )
  })

  it('gives up a command that is not answered in time, and opens after three of them', async () => {
    const clock = new FakeClock()
    const { store, redis, meter, logger } = await setUp(() => undefined, { clock, commandTimeoutMs: 50 })
    await isReady(store)
    const taking = outcomes(store, 3)
    for (let time = 0; time < 3; time++) {
      await expect.poll(() => scripts(redis)).toBe(time + 1)
      await clock.advance(50)
    }
    expect(await taking).toEqual(Array(3).fill('STORE_UNAVAILABLE'))
    expect(store.healthy).toBe(false)
    expect(meter.count('store_errors_total', { reason: 'timeout' })).toBe(3)
    expect(logger.lines).toEqual([
      {
        level: 'warn',
        facts: { reason: 'Redis did not answer in time' },
        message: 'the store is down: limits follow onStoreError',
      },
    ])
  })

  it('sends nothing at all while it is open', async () => {
    const { store, redis } = await setUp(() => '-OOM command not allowed\r\n', { clock: new FakeClock() })
    await isReady(store)
    await outcomes(store, 3)
    const before = redis.commands.length
    expect(await outcomes(store, 500)).toEqual(Array(500).fill('STORE_UNAVAILABLE'))
    await store
      .run((client) => client.get('x'))
      .catch((error) => expect(error.code).toBe('STORE_UNAVAILABLE'))
    expect(redis.commands.length).toBe(before)
  })

  it('finds by a probe of the script itself that Redis works again', async () => {
    const clock = new FakeClock()
    const { store, redis, logger, meter } = await setUp(() => '-MISCONF no disk\r\n', { clock })
    await isReady(store)
    await outcomes(store, 3)
    expect(meter.read('store_up')).toBe(0)
    await clock.advance(500)
    await expect.poll(() => scripts(redis)).toBe(4)
    await clock.advance(0)
    expect(store.healthy).toBe(false)
    redis.answer = (command) => (isScript(command) ? PROBED : politely(command))
    const healthy = async () => {
      await clock.advance(500)
      return store.healthy
    }
    await expect.poll(healthy).toBe(true)
    expect(meter.read('store_up')).toBe(1)
    redis.answer = (command) => (isScript(command) ? ADMITTED : politely(command))
    expect(await outcomes(store, 2)).toEqual(['ok', 'ok'])
    expect(logger.lines.map((line) => line.level)).toEqual(['warn', 'info'])
  })

  it('sends the script once on each connection, and once more when Redis has lost it, whoever is on the way', async () => {
    let isLost = false
    const { redis, store } = await setUp((command) => {
      if (command[0] === 'EVAL') isLost = false
      if (isLost) return '-NOSCRIPT No matching script.\r\n'
      return command.includes('1000') ? PROBED : ADMITTED
    })
    await isReady(store)
    const scripts = () => redis.commands.splice(0).filter((name) => name.startsWith('EVAL'))
    const takeAll = () => Promise.all(Array.from({ length: 20 }, () => store.take([CHECK])))
    await takeAll()
    expect(scripts()[0]).toBe('EVAL')
    await takeAll()
    expect(scripts()).toEqual(Array(20).fill('EVALSHA'))
    isLost = true
    const verdicts = await takeAll()
    expect(verdicts.every(({ allowed }) => allowed)).toBe(true)
    const again = [...Array(20).fill('EVALSHA'), 'EVAL', ...Array(19).fill('EVALSHA')]
    expect(scripts()).toEqual(again)
    redis.hangUp()
    await expect
      .poll(() =>
        store.take([CHECK]).then(
          () => 'ok',
          () => 'down',
        ),
      )
      .toBe('ok')
    expect(scripts()[0]).toBe('EVAL')
  })

  it.each([
    '-LOADING Redis is loading the dataset in memory',
    "-READONLY You can't write against a read only replica.",
    "-OOM command not allowed when used memory > 'maxmemory'.",
    '-NOAUTH Authentication required.',
    '-MOVED 3999 127.0.0.1:6381',
    '-BUSY Redis is busy running a script.',
    '-NOSCRIPT No matching script.',
    '+OK',
    ':1',
    '$-1',
    '*-1',
    '*0',
    '*2\r\n:1\r\n$1\r\nx',
    '%1\r\n+a\r\n:1',
    '*5\r\n:1\r\n:1\r\n,0.5\r\n:1\r\n:0',
    'HTTP/1.1 400 Bad Request\r\n\r\n<html>',
    '>1\r\n$9\r\nsubscribe',
    '>1\r\n$-1',
    '\0\0\0\0',
  ])('turns the answer %j into STORE_UNAVAILABLE', async (answer) => {
    const { store } = await setUp(() => `${answer}\r\n`, { commandTimeoutMs: 200 })
    await isReady(store)
    expect(await outcomes(store, 1)).toEqual(['STORE_UNAVAILABLE'])
  })

  it.each([
    ADMITTED + bulk('more'),
    `${ADMITTED}$-1\r\n$-1\r\n`,
    `${ADMITTED}*-1\r\n`,
    `${ADMITTED}>1\r\n$-1\r\n`,
  ])('outlives an answer that nobody asked for: %j', async (answer) => {
    const { store, redis } = await setUp(() => answer)
    await isReady(store)
    await outcomes(store, 2)
    redis.answer = (command) => (isScript(command) ? ADMITTED : politely(command))
    await expect.poll(() => outcomes(store, 1)).toEqual(['ok'])
  })

  it('leaves a connection whose answers are out of step', async () => {
    const { store, redis } = await setUp(() => integers(1, 2, 3))
    await isReady(store)
    await outcomes(store, 1)
    redis.answer = (command) => (isScript(command) ? ADMITTED : politely(command))
    const connections = () => redis.commands.filter((name) => name === 'INFO').length
    await expect.poll(() => connections()).toBe(2)
    await expect.poll(() => outcomes(store, 1)).toEqual(['ok'])
  })

  it('starts without Redis and refuses at once, with one line in the log', async () => {
    const later = await startFakeRedis(politely)
    await later.close()
    const { store, logger } = connectTo(later.url, { clock: new FakeClock() })
    expect(await outcomes(store, 4)).toEqual(Array(4).fill('STORE_UNAVAILABLE'))
    await expect(store.ping()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(logger.lines).toMatchObject([{ facts: { reason: 'no connection to Redis' } }])
  })

  it('counts from the first request on, while the connection is still being made', async () => {
    const { store, meter } = await setUp(() => ADMITTED)
    expect(store.healthy).toBe(false)
    expect(await outcomes(store, 1)).toEqual(['ok'])
    expect(meter.count('store_errors_total', { reason: 'connection' })).toBe(0)
  })

  it('waits for a first connection no longer than for a command', async () => {
    const clock = new FakeClock()
    const silent = await startFakeRedis(() => undefined)
    cleanups.push(silent.close)
    const { store } = connectTo(silent.url, { clock, commandTimeoutMs: 50 })
    const taking = Promise.all([1, 2, 3].map(() => outcomes(store, 1)))
    await clock.advance(50)
    expect(await taking).toEqual(Array(3).fill(['STORE_UNAVAILABLE']))
    expect(silent.commands.filter((name) => name.startsWith('EVAL'))).toEqual([])
  })

  it('asks Redis itself when it is pinged', async () => {
    const { store, redis } = await setUp(() => ADMITTED)
    await isReady(store)
    await store.ping()
    expect(redis.commands).toContain('PING')
  })

  it('answers nothing any more once it is closed', async () => {
    const { store } = await setUp(() => ADMITTED)
    await isReady(store)
    await store.close()
    expect(await outcomes(store, 1)).toEqual(['STORE_UNAVAILABLE'])
    expect(store.healthy).toBe(false)
  })
})
