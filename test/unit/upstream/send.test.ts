// Which target an attempt goes to and what the target learns from it: queues, failures, pushback, retries.
import { describe, expect, it, onTestFinished } from 'vitest'
import { GatewayError } from '../../../src/plugin.ts'
import type { EjectionSettings } from '../../../src/upstream/settings.ts'
import { NOBODY } from '../../support/nobody.ts'
import { startTarget, type TargetServer } from '../../support/target-server.ts'
import {
  collect,
  createExchange,
  createRequest,
  eventually,
  failureOf,
  type Rig,
  SETTINGS,
  startService,
  targets,
} from './rig.ts'

const DEAD = `http://${NOBODY}`
const EJECTION: EjectionSettings = {
  failures: 2,
  successRate: 0,
  windowMs: 10_000,
  minimum: 1000,
  baseMs: 1000,
  maxMs: 60_000,
}

async function answering(status: number, headers: Record<string, string> = {}): Promise<TargetServer> {
  const target = await startTarget((_request, response) => void response.writeHead(status, headers).end('x'))
  onTestFinished(() => target.close())
  return target
}

const call = (rig: Rig) => collect(rig.service.call(createRequest()))
const only = (rig: Rig) => rig.service.targets[0]!

describe('a service without a target', () => {
  it('says so, and when to come again', async () => {
    const rig = startService({ targets: [] })
    const failure = await failureOf(rig.service.call(createRequest()))
    expect(failure).toMatchObject({ code: 'NO_HEALTHY_TARGET', status: 503, headers: ['Retry-After', '1'] })
    expect(rig.started).toEqual([])
  })
})

describe('a target with as many requests as it may hold', () => {
  it('takes no more: at once, with a time to come again, and without blame', async () => {
    const waiting: (() => void)[] = []
    const target = await startTarget((_request, response) => void waiting.push(() => void response.end('ok')))
    onTestFinished(() => target.close())
    const connections = { ...SETTINGS.connections, max: 1, queue: 1, idleTimeoutMs: 5000 }
    const rig = startService({
      targets: targets(target.url),
      connections,
      ejection: { ...EJECTION, failures: 1 },
    })
    const held = [call(rig), call(rig)]
    const failure = await failureOf(rig.service.call(createRequest()))
    expect(failure).toMatchObject({ code: 'UPSTREAM_QUEUE_FULL', status: 503, headers: ['Retry-After', '1'] })
    expect(only(rig)).toMatchObject({ pending: 2 })
    expect(only(rig).isAvailable()).toBe(true)
    for (let served = 0; served < 2; served++) {
      await eventually(() => waiting.length > served)
      waiting[served]!()
    }
    expect((await Promise.all(held)).map(({ status }) => status)).toEqual([200, 200])
    const next = call(rig)
    await eventually(() => waiting.length === 3)
    waiting[2]!()
    expect((await next).status).toBe(200)
  })
})

describe('a response', () => {
  it.each([502, 503, 504])('%d counts against the target', async (status) => {
    const target = await answering(status)
    const rig = startService({ targets: targets(target.url), ejection: EJECTION })
    for (let time = 0; time < 2; time++) expect((await call(rig)).status).toBe(status)
    expect(only(rig).isAvailable()).toBe(false)
    expect(rig.logged).toEqual([
      {
        facts: { service: 'orders', target: target.url, ejected: true },
        message: 'target ejected after failures',
      },
    ])
  })

  it.each([200, 301, 400, 404, 429, 500, 501])('%d does not', async (status) => {
    const target = await answering(status)
    const rig = startService({ targets: targets(target.url), ejection: { ...EJECTION, failures: 1 } })
    for (let time = 0; time < 3; time++) expect((await call(rig)).status).toBe(status)
    expect(only(rig).isAvailable()).toBe(true)
    expect(rig.logged).toEqual([])
  })

  it.each([
    [200, {}, 0],
    [404, {}, 0],
    [500, {}, 5000],
    [503, {}, 5000],
    [503, { 'retry-after': '20' }, 20_000],
    [429, { 'retry-after': '7' }, 7000],
    [429, { 'retry-after': '86400' }, 300_000],
    [503, { 'retry-after': 'Wed, 21 Oct 2026 07:28:00 GMT' }, 5000],
    [503, { 'retry-after': '0' }, 5000],
    [503, { 'retry-after': '-5' }, 5000],
  ] as const)('%d with %o makes the target look %d ms slow', async (status, headers, ms) => {
    const target = await answering(status, headers)
    const rig = startService({ targets: targets(target.url) })
    await call(rig)
    // A target that was never measured is taken for 30 ms.
    expect(only(rig).latencyMs).toBe(Math.max(ms, 30))
  })
})

describe('a failure', () => {
  it('of the connection counts against the target and makes it look slow', async () => {
    const rig = startService({ targets: targets(DEAD), ejection: EJECTION })
    for (let time = 0; time < 2; time++) await failureOf(rig.service.call(createRequest()))
    expect(only(rig).isAvailable()).toBe(false)
    expect(only(rig).latencyMs).toBe(5000)
    expect(rig.ended).toMatchObject([{ status: 0, error: { code: 'UPSTREAM_UNREACHABLE' } }, { status: 0 }])
  })

  it('of the client does not', async () => {
    const target = await startTarget(() => {})
    onTestFinished(() => target.close())
    const rig = startService({ targets: targets(target.url), ejection: { ...EJECTION, failures: 1 } })
    const exchange = createExchange()
    const failing = failureOf(rig.service.call(createRequest({ exchange })))
    await eventually(() => target.seen.length === 1)
    exchange.abort.abort(new GatewayError('CLIENT_CLOSED'))
    await failing
    expect(only(rig).isAvailable()).toBe(true)
    expect(only(rig).latencyMs).toBe(30)
  })
})

describe('another attempt of one exchange', () => {
  it.each(['p2c', 'roundRobin'] as const)('goes to a target that was not tried (%s)', async (balance) => {
    const alive = await answering(200)
    const rig = startService({ targets: targets(DEAD, alive.url), balance })
    for (let time = 0; time < 4; time++) {
      const exchange = createExchange()
      const first = await rig.service.call(createRequest({ exchange })).catch((error) => error)
      if (!(first instanceof GatewayError)) continue
      expect((await collect(rig.service.call(createRequest({ exchange })))).status).toBe(200)
      expect(exchange.attempts.map(({ target }) => target)).toEqual([DEAD, alive.url])
    }
    expect(rig.ended.some(({ target }) => target === DEAD)).toBe(true)
  })

  it('goes to the same target when there is no other', async () => {
    const rig = startService({ targets: targets(DEAD) })
    const exchange = createExchange()
    for (let time = 0; time < 2; time++) await failureOf(rig.service.call(createRequest({ exchange })))
    expect(exchange.attempts).toHaveLength(2)
  })
})

describe('an ejected target', () => {
  it('is left alone, then probed by one real request, and is back when that succeeds', async () => {
    let status = 503
    const sick = await startTarget((_request, response) => void response.writeHead(status).end())
    onTestFinished(() => sick.close())
    const well = await answering(200)
    const rig = startService({
      targets: targets(sick.url, well.url),
      balance: 'roundRobin',
      ejection: EJECTION,
    })
    for (let time = 0; time < 4; time++) await call(rig)
    expect([sick.seen.length, well.seen.length]).toEqual([2, 2])
    for (let time = 0; time < 10; time++) await call(rig)
    expect(sick.seen).toHaveLength(2)
    status = 200
    await rig.clock.advance(1000)
    for (let time = 0; time < 4; time++) await call(rig)
    expect(sick.seen.length).toBeGreaterThan(2)
    expect(rig.logged.map(({ message }) => message)).toEqual([
      'target ejected after failures',
      'target is back after a successful probe',
    ])
  })

  it('is used all the same when there is no other: fails open', async () => {
    const target = await answering(503)
    const rig = startService({ targets: targets(target.url), ejection: EJECTION })
    for (let time = 0; time < 5; time++) expect((await call(rig)).status).toBe(503)
    expect(only(rig).isAvailable()).toBe(false)
  })
})

describe('closing a service', () => {
  it('waits for what is under way and refuses what comes later', async () => {
    const answers: (() => void)[] = []
    const target = await startTarget(
      (_request, response) => void answers.push(() => void response.end('last')),
    )
    onTestFinished(() => target.close())
    const rig = startService({ targets: targets(target.url) })
    const calling = call(rig)
    await eventually(() => answers.length === 1)
    let closed = false
    const closing = rig.service.close().then(() => {
      closed = true
    })
    expect(await failureOf(rig.service.call(createRequest()))).toMatchObject({ unprocessed: true })
    expect(closed).toBe(false)
    answers[0]!()
    expect((await calling).body).toBe('last')
    await closing
  })
})
