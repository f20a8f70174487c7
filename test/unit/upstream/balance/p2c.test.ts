// Power of two choices: how picks spread, and who is left out.
import { describe, expect, it } from 'vitest'
import { PowerOfTwoChoices } from '../../../../src/upstream/balance/p2c.ts'
import { dice } from '../../../support/dice.ts'
import { count, createFleet, type Fleet, NONE, nameOf } from './fleet.ts'

const PICKS = 10_000

function picks({ targets }: Fleet, tried: ReadonlySet<string> = NONE, times = PICKS): Record<string, number> {
  const balancer = new PowerOfTwoChoices(targets, dice(1))
  return count(Array.from({ length: times }, () => nameOf(balancer.pick(tried))))
}

describe('targets of the same load', () => {
  it('are picked equally often', () => {
    const counts = picks(createFleet(1, 1, 1, 1))
    for (const name of ['a', 'b', 'c', 'd']) expect(counts[name]! / PICKS).toBeCloseTo(0.25, 1)
  })

  it('are each reached when the dice fall to an end', () => {
    const { targets } = createFleet(1, 1, 1)
    const names = [0, 0.5, 0.999_999].map((throwOf) =>
      nameOf(new PowerOfTwoChoices(targets, () => throwOf).pick(NONE)),
    )
    expect(new Set(names).size).toBeGreaterThan(1)
    expect(names).not.toContain(undefined)
  })
})

describe('the best of four', () => {
  it('wins whenever it is drawn, which is every other time', () => {
    const fleet = createFleet(1, 1, 1, 1)
    for (const target of fleet.targets.slice(0, 3)) target.onSuccess(1000)
    expect(picks(fleet)['d']! / PICKS).toBeCloseTo(0.5, 1)
  })
})

describe('a loaded target', () => {
  it('loses against every other', () => {
    const fleet = createFleet(1, 1, 1)
    fleet.targets[0]!.onSuccess(1000)
    expect(picks(fleet)['a']).toBeUndefined()
  })

  it('is one with many requests under way', () => {
    const fleet = createFleet(1, 1)
    fleet.targets[0]!.onPick()
    expect(picks(fleet)).toEqual({ b: PICKS })
    fleet.targets[0]!.onEnd()
    fleet.targets[1]!.onPick()
    expect(picks(fleet)).toEqual({ a: PICKS })
  })

  it('of twice the weight takes twice as much before it counts as loaded', () => {
    const fleet = createFleet(2, 1)
    fleet.targets[0]!.onPick()
    expect(fleet.targets[0]!.load()).toBe(fleet.targets[1]!.load())
    fleet.targets[0]!.onPick()
    expect(picks(fleet)).toEqual({ b: PICKS })
  })

  it('is slow for a failure, not fast', () => {
    const fleet = createFleet(1, 1)
    fleet.targets[0]!.onPushback(1)
    fleet.targets[1]!.onSuccess(200)
    expect(picks(fleet)).toEqual({ b: PICKS })
  })

  it('is tried again when its latency has decayed', async () => {
    const fleet = createFleet(1, 1)
    fleet.targets[0]!.onPushback(1)
    await fleet.clock.advance(60_000)
    fleet.targets[1]!.onSuccess(100)
    expect(picks(fleet)).toEqual({ a: PICKS })
  })

  it('takes its share when many work at once: the load stays even', () => {
    const fleet = createFleet(1, 1, 1, 1)
    const balancer = new PowerOfTwoChoices(fleet.targets, dice(7))
    for (let time = 0; time < 400; time++) balancer.pick(NONE)!.onPick()
    for (const target of fleet.targets) expect(Math.abs(target.pending - 100)).toBeLessThan(5)
  })
})

describe('a target that was tried or is out', () => {
  it('is avoided when another is fit', () => {
    const fleet = createFleet(1, 1, 1)
    expect(picks(fleet, new Set(['http://a.test', 'http://c.test']))).toEqual({ b: PICKS })
    fleet.targets[1]!.onFailure(1)
    expect(picks(fleet)['b']).toBeUndefined()
    expect(picks(fleet, new Set(['http://a.test']))).toEqual({ c: PICKS })
  })

  it('is avoided even if it looks much faster', () => {
    const fleet = createFleet(1, 1)
    fleet.targets[0]!.onSuccess(10_000)
    fleet.targets[1]!.healthy = false
    expect(picks(fleet)).toEqual({ a: PICKS })
    fleet.targets[1]!.healthy = true
    expect(picks(fleet, new Set(['http://b.test']))).toEqual({ a: PICKS })
  })

  it('is avoided among many, even if nearly all are out', () => {
    const fleet = createFleet(...Array.from({ length: 20 }, () => 1))
    for (const target of fleet.targets.slice(1)) target.healthy = false
    fleet.targets[0]!.onSuccess(10_000)
    expect(picks(fleet)).toEqual({ a: PICKS })
  })
})

describe('when no target is fit', () => {
  const allTried = new Set(['http://a.test', 'http://b.test'])

  it('one that was not tried goes before one that was', () => {
    const fleet = createFleet(1, 1)
    fleet.targets[0]!.onFailure(1)
    expect(picks(fleet, new Set(['http://b.test']))).toEqual({ a: PICKS })
  })

  it('one that is well goes before one that is not, when all were tried', () => {
    const fleet = createFleet(1, 1)
    fleet.targets[0]!.onFailure(1)
    fleet.targets[1]!.onSuccess(10_000)
    expect(picks(fleet, allTried)).toEqual({ b: PICKS })
  })

  it('the least loaded of the bad ones is used: fails open', () => {
    const fleet = createFleet(1, 1)
    fleet.targets[0]!.onFailure(9000)
    fleet.targets[1]!.onFailure(1)
    expect(picks(fleet, allTried)).toEqual({ b: PICKS })
  })

  it('an unhealthy one is used as long as real traffic does not say the same', () => {
    const fleet = createFleet(1, 1)
    for (const target of fleet.targets) target.healthy = false
    expect(picks(fleet)['none']).toBeUndefined()
    for (const target of fleet.targets) target.onFailure(1)
    expect(picks(fleet)).toEqual({ none: PICKS })
  })
})

describe('few targets', () => {
  it('one is always picked, unless it is down', () => {
    const fleet = createFleet(1)
    expect(picks(fleet, new Set(['http://a.test']), 3)).toEqual({ a: 3 })
    fleet.targets[0]!.healthy = false
    fleet.targets[0]!.onFailure(1)
    expect(picks(fleet, NONE, 3)).toEqual({ none: 3 })
  })

  it('none is none', () => {
    expect(picks(createFleet(), NONE, 3)).toEqual({ none: 3 })
  })
})
