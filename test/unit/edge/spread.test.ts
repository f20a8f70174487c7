// Who is given up with many others ends by and by, alone at once.
import { beforeEach, expect, it } from 'vitest'
import { Spread } from '../../../src/edge/spread.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const TICK_MS = 5

let clock: FakeClock
let spread: Spread
let ended: number[]

beforeEach(() => {
  clock = new FakeClock()
  spread = new Spread(clock)
  ended = []
})

function endAll(count: number): void {
  for (let at = 0; at < count; at++) spread.run(() => ended.push(at))
}

it('ends one that is alone at once', async () => {
  endAll(1)
  expect(ended).toEqual([0])
  await clock.advance(TICK_MS)
  endAll(1)
  expect(ended).toEqual([0, 0])
})

it('ends 500 in their order within 1.5 s, and 5 in a tick at most', async () => {
  endAll(500)
  expect(ended).toHaveLength(1)
  let before = 1
  while (ended.length < 500) {
    await clock.advance(TICK_MS)
    expect(ended.length - before).toBeGreaterThan(0)
    expect(ended.length - before).toBeLessThanOrEqual(5)
    before = ended.length
  }
  expect(clock.now()).toBeLessThan(1500)
  expect(ended).toEqual(ended.toSorted((a, b) => a - b))
})

it('ends no more than 16 in a tick, however many there are', async () => {
  endAll(10_000)
  await clock.advance(TICK_MS)
  expect(ended).toHaveLength(17)
})

it('ends the others when one of them throws', async () => {
  endAll(1)
  spread.run(() => {
    throw new Error('no')
  })
  endAll(2)
  await expect(clock.advance(TICK_MS)).rejects.toThrow('no')
  await clock.advance(2 * TICK_MS)
  expect(ended).toEqual([0, 0, 1])
})
