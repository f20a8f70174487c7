// Active checks against a real target: what passes, how many it takes, and that they stop.
import type { ServerResponse } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { HealthSettings } from '../../../src/upstream/settings.ts'
import { startTarget } from '../../support/target-server.ts'
import { collect, createRequest, eventually, failureOf, type Rig, startService, targets } from './rig.ts'

const HEALTH: HealthSettings = { path: '/health', everyMs: 1000, timeoutMs: 5000, healthy: 2, unhealthy: 3 }

type Answer = (response: ServerResponse) => void

const status =
  (code: number): Answer =>
  (response) =>
    void response.writeHead(code).end()

/** A checked target whose answer the test may change; the first check is done. */
async function start(answer: Answer, settings: Partial<HealthSettings> = {}, random = () => 0.5) {
  const target = await startTarget((_request, response) => state.answer(response))
  onTestFinished(() => target.close())
  const rig = startService({ targets: targets(target.url), health: { ...HEALTH, ...settings } }, random)
  const state = { answer, target, rig }
  await checked(rig)
  return state
}

/** The check under way is over when the next one is planned. */
const checked = (rig: Rig) => eventually(() => rig.clock.timers === 1)

async function nextCheck({ rig }: { rig: Rig }, afterMs = 1000): Promise<boolean> {
  await rig.clock.advance(afterMs)
  await checked(rig)
  return rig.service.targets[0]!.healthy
}

describe('the first check', () => {
  it('is made at once and counts at once', async () => {
    const { rig, target } = await start(status(503))
    expect(target.seen).toMatchObject([
      { method: 'GET', url: '/health', headers: { 'user-agent': 'turnpike-health' } },
    ])
    expect(rig.service.targets[0]!.healthy).toBe(false)
    expect(rig.logged).toEqual([
      { facts: { service: 'orders', target: target.url, healthy: false }, message: 'target health changed' },
    ])
  })

  it('that passes changes nothing', async () => {
    const { rig } = await start(status(200))
    expect(rig.service.targets[0]!.healthy).toBe(true)
    expect(rig.logged).toEqual([])
  })
})

describe('later checks', () => {
  it('change a target only when enough of them agree, in both directions', async () => {
    const state = await start(status(200))
    state.answer = status(500)
    expect([await nextCheck(state), await nextCheck(state)]).toEqual([true, true])
    expect(await nextCheck(state)).toBe(false)
    state.answer = status(200)
    expect(await nextCheck(state)).toBe(false)
    expect(await nextCheck(state)).toBe(true)
    expect(state.rig.logged.map(({ facts }) => facts)).toMatchObject([{ healthy: false }, { healthy: true }])
  })

  it('begin to count anew when one disagrees', async () => {
    const state = await start(status(200))
    for (let time = 0; time < 3; time++) {
      state.answer = status(500)
      await nextCheck(state)
      await nextCheck(state)
      state.answer = status(200)
      expect(await nextCheck(state)).toBe(true)
    }
    expect(state.rig.logged).toEqual([])
  })

  it.each([
    [0, 900],
    [0.5, 1000],
    [1, 1100],
  ])('come after the interval, spread by chance (%d: %d ms)', async (dice, ms) => {
    const { rig, target } = await start(status(200), {}, () => dice)
    await rig.clock.advance(ms - 1)
    expect(target.seen).toHaveLength(1)
    await rig.clock.advance(1)
    await eventually(() => target.seen.length === 2)
    await checked(rig)
  })
})

describe('a check', () => {
  it.each([
    [200, true],
    [204, true],
    [302, true],
    [399, true],
    [400, false],
    [404, false],
    [503, false],
  ])('answered %d passes: %s', async (code, healthy) => {
    const { rig } = await start(status(code))
    expect(rig.service.targets[0]!.healthy).toBe(healthy)
  })

  it('passes by exactly the statuses that are accepted', async () => {
    const state = await start(status(401), { status: [401, 503], unhealthy: 1, healthy: 1 })
    expect(state.rig.service.targets[0]!.healthy).toBe(true)
    state.answer = status(200)
    expect(await nextCheck(state)).toBe(false)
    state.answer = status(503)
    expect(await nextCheck(state)).toBe(true)
  })

  it('that breaks, or takes too long, fails', async () => {
    const state = await start((response) => response.destroy(), { timeoutMs: 50, healthy: 1, unhealthy: 1 })
    expect(state.rig.service.targets[0]!.healthy).toBe(false)
    state.answer = status(200)
    expect(await nextCheck(state)).toBe(true)
    state.answer = () => {}
    expect(await nextCheck(state)).toBe(false)
  })

  it('does not read on without end', async () => {
    const state = await start((response) => void response.end(Buffer.alloc(1_000_000)))
    expect(state.rig.service.targets[0]!.healthy).toBe(true)
    expect(await nextCheck(state)).toBe(true)
  })
})

describe('an unhealthy target', () => {
  it('gets no request while another is healthy', async () => {
    const sick = await startTarget(
      (request, response) => void response.writeHead(request.url === '/health' ? 500 : 200).end(),
    )
    const well = await startTarget((_request, response) => void response.end('well'))
    onTestFinished(() => Promise.all([sick.close(), well.close()]).then(() => {}))
    const rig = startService({ targets: targets(sick.url, well.url), health: HEALTH })
    await eventually(() => rig.clock.timers === 2)
    for (let time = 0; time < 5; time++)
      expect((await collect(rig.service.call(createRequest()))).body).toBe('well')
  })

  it('gets none at all when real traffic is not asked for its word', async () => {
    const { rig } = await start(status(500))
    expect(await failureOf(rig.service.call(createRequest()))).toMatchObject({ code: 'NO_HEALTHY_TARGET' })
  })
})

describe('closing the service', () => {
  it('ends the checks, also one under way', async () => {
    const answers: ServerResponse[] = []
    const state = await start(status(200))
    state.answer = (response) => void answers.push(response)
    await state.rig.clock.advance(1000)
    await eventually(() => answers.length === 1)
    const closing = state.rig.service.close()
    answers[0]!.writeHead(500).end()
    await closing
    expect(state.rig.clock.timers).toBe(0)
    await state.rig.clock.advance(10_000)
    expect(state.target.seen).toHaveLength(2)
    expect(state.rig.service.targets[0]!.healthy).toBe(true)
  })

  it('ends the checks that wait', async () => {
    const { rig, target } = await start(status(200))
    await rig.service.close()
    expect(rig.clock.timers).toBe(0)
    expect(target.seen).toHaveLength(1)
  })
})
