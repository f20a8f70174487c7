// Smooth weighted round robin: the sequence, and what is left out of it.
import { describe, expect, it } from 'vitest'
import { RoundRobin } from '../../../../src/upstream/balance/round-robin.ts'
import type { Target } from '../../../../src/upstream/target.ts'
import { fc, runs } from '../../../support/property.ts'
import { count, createFleet, NONE, nameOf } from './fleet.ts'

const sequence = (balancer: RoundRobin<Target>, length: number, tried = NONE) =>
  Array.from({ length }, () => nameOf(balancer.pick(tried))).join(' ')

describe('the sequence', () => {
  it('takes targets of the same weight in turn', () => {
    expect(sequence(new RoundRobin(createFleet(1, 1, 1).targets), 7)).toBe('a b c a b c a')
  })

  it('spreads a heavy target between the light ones', () => {
    const balancer = new RoundRobin(createFleet(5, 1, 1).targets)
    expect(sequence(balancer, 7)).toBe('a a b a c a a')
    expect(sequence(balancer, 7)).toBe('a a b a c a a')
  })

  it('gives each target exactly its weight in every round', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 6 }), (weights) => {
        const { targets } = createFleet(...weights)
        const balancer = new RoundRobin(targets)
        const round = weights.reduce((sum, weight) => sum + weight, 0)
        const counts = count(Array.from({ length: round * 2 }, () => nameOf(balancer.pick(NONE))))
        expect(targets.map((target) => counts[nameOf(target)!])).toEqual(weights.map((weight) => weight * 2))
      }),
      { numRuns: runs(50) },
    )
  })
})

describe('what is not fit', () => {
  it('is left out, and the others keep their shares', () => {
    const { targets } = createFleet(1, 1, 1)
    const balancer = new RoundRobin(targets)
    targets[1]!.healthy = false
    expect(sequence(balancer, 4)).toBe('a c a c')
    targets[1]!.healthy = true
    expect(count(sequence(balancer, 6).split(' '))).toEqual({ a: 2, b: 2, c: 2 })
  })

  it('is what was tried already', () => {
    const balancer = new RoundRobin(createFleet(1, 1).targets)
    expect(sequence(balancer, 3, new Set(['http://a.test']))).toBe('b b b')
  })

  it('is used when nothing else is there', () => {
    const { targets } = createFleet(1)
    const balancer = new RoundRobin(targets)
    targets[0]!.onFailure(1)
    expect(sequence(balancer, 2)).toBe('a a')
    expect(new RoundRobin([]).pick(NONE)).toBeUndefined()
  })
})
