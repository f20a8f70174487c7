// One target: its load, its facts, and whether it is fit to be picked.
import { describe, expect, it } from 'vitest'
import { Target } from '../../../src/upstream/target.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const EJECTION = { failures: 1, successRate: 0, windowMs: 1000, minimum: 100, baseMs: 1000, maxMs: 1000 }

function create(options: { url?: string; weight?: number; ejection?: typeof EJECTION | false } = {}) {
  const { url = 'http://a.test', weight = 1, ejection = EJECTION } = options
  const clock = new FakeClock()
  const changes: boolean[] = []
  const target = new Target({
    settings: { url, weight },
    clock,
    ejection,
    random: () => 0,
    onEjection: (ejected) => changes.push(ejected),
  })
  return { target, clock, changes }
}

describe('the load', () => {
  it('is latency times requests under way and one more, per weight', () => {
    const { target } = create({ weight: 4 })
    target.onSuccess(200)
    expect(target.load()).toBe(50)
    target.onPick()
    target.onPick()
    expect(target.load()).toBe(150)
    target.onEnd()
    expect(target.load()).toBe(100)
  })

  it('falls while nobody asks', async () => {
    const { target, clock } = create()
    target.onSuccess(200)
    await clock.advance(10_000)
    expect(target.load()).toBeCloseTo(200 / Math.E, 8)
    expect(target.latencyMs).toBeCloseTo(200 / Math.E, 8)
  })

  it.each([
    ['failure', 1, undefined, 5000],
    ['failure', 9000, undefined, 9000],
    ['failure', 1, 20_000, 20_000],
    ['pushback', 1, undefined, 5000],
    ['pushback', 7000, 6000, 7000],
  ] as const)('of a %s after %d ms, asked to wait %s, is that of %d ms', (kind, rttMs, penaltyMs, ms) => {
    const { target } = create()
    if (kind === 'failure') target.onFailure(rttMs, penaltyMs)
    else target.onPushback(rttMs, penaltyMs)
    expect(target.load()).toBe(ms)
  })
})

describe('being fit', () => {
  it('ends with failures, and comes back with the probe', async () => {
    const { target, clock, changes } = create()
    target.onFailure(1)
    expect([target.isAvailable(), target.isDown(), target.ejectedUntil]).toEqual([false, false, 500])
    await clock.advance(500)
    expect(target.isAvailable()).toBe(true)
    target.onPick()
    expect(target.isAvailable()).toBe(false)
    target.onIgnored()
    expect(target.isAvailable()).toBe(true)
    target.onPick()
    target.onSuccess(1)
    expect(target.isAvailable()).toBe(true)
    expect(changes).toEqual([true, false])
  })

  it('does not end with pushback, which is a sign of life', () => {
    const { target } = create()
    target.onFailure(1)
    target.onPushback(1)
    expect(target.isAvailable()).toBe(true)
  })

  it('ends with bad health', () => {
    const { target } = create()
    target.healthy = false
    expect([target.isAvailable(), target.isDown()]).toEqual([false, false])
    target.onFailure(1)
    expect(target.isDown()).toBe(true)
  })

  it('never ends by failures where ejection is off; bad health is then the last word', () => {
    const { target } = create({ ejection: false })
    for (let time = 0; time < 100; time++) target.onFailure(1)
    expect([target.isAvailable(), target.ejectedUntil]).toEqual([true, 0])
    target.healthy = false
    expect([target.isAvailable(), target.isDown()]).toEqual([false, true])
    target.onIgnored()
  })
})

describe('the facts for spans', () => {
  it.each([
    ['http://a.test', { host: 'a.test', port: 80 }],
    ['https://a.test', { host: 'a.test', port: 443 }],
    ['https://a.test:8443', { host: 'a.test', port: 8443 }],
    ['http://[::1]:8080', { host: '[::1]', port: 8080 }],
    ['unix:/run/a.sock', { host: '/run/a.sock', port: 0 }],
  ])('of %s are %o', (url, facts) => {
    const { target } = create({ url })
    expect(target.facts).toEqual({ url, ...facts })
    expect(target.facts).toBe(target.facts)
  })
})
