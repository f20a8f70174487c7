// New clients begin one by one: the newest first, and nobody waits for ever.
import { beforeEach, expect, it } from 'vitest'
import { Turnstile } from '../../../src/edge/turnstile.ts'
import { FakeClock } from '../../support/fake-clock.ts'

let next: (() => void)[]
let clock: FakeClock
let turnstile: Turnstile
let begun: string

beforeEach(() => {
  next = []
  begun = ''
  clock = new FakeClock()
  turnstile = new Turnstile(clock, (run) => next.push(run))
})

const turn = (): void => {
  for (const run of next.splice(0)) run()
}

const come = (names: string): void => {
  for (const name of names) turnstile.pass(() => (begun += name))
}

it('lets the first one of a turn in at once', () => {
  come('a')
  turn()
  come('b')
  expect(begun).toBe('ab')
})

it('lets one in each turn, the newest first', () => {
  come('abc')
  expect(begun).toBe('a')
  turn()
  come('d')
  expect(begun).toBe('ac')
  turn()
  turn()
  expect(begun).toBe('acdb')
})

it('lets whoever has waited for a second go before those who came later', async () => {
  come('abc')
  await clock.advance(999)
  come('d')
  turn()
  expect(begun).toBe('ad')
  come('e')
  await clock.advance(1)
  for (let at = 0; at < 3; at++) turn()
  expect(begun).toBe('adbce')
})

it('lets the others in when one of them throws', () => {
  come('a')
  turnstile.pass(() => {
    throw new Error('no')
  })
  come('b')
  turn()
  expect(() => turn()).toThrow('no')
  turn()
  come('c')
  expect(begun).toBe('abc')
})

it('costs nothing when nobody comes', () => {
  come('ab')
  for (let at = 0; at < 3; at++) turn()
  expect(next).toEqual([])
})
