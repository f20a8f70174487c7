// New clients begin a few at a time: the newest first, and nobody waits for ever.
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

it('lets four of a turn in at once', () => {
  come('abcd')
  expect(begun).toBe('abcd')
  turn()
  come('efgh')
  expect(begun).toBe('abcdefgh')
})

it('lets four in each turn, the newest first', () => {
  come('abcdefghijk')
  expect(begun).toBe('abcd')
  turn()
  come('l')
  expect(begun).toBe('abcdkjih')
  turn()
  expect(begun).toBe('abcdkjihlgfe')
})

it('lets whoever has waited for a second go before those who came later', async () => {
  come('abcdef')
  await clock.advance(999)
  come('ghijk')
  turn()
  expect(begun).toBe('abcdkjih')
  come('lmn')
  await clock.advance(1)
  turn()
  expect(begun).toBe('abcdkjihefnm')
})

it('lets the others in when one of them throws', () => {
  come('abcd')
  come('e')
  turnstile.pass(() => {
    throw new Error('no')
  })
  expect(() => turn()).toThrow('no')
  turn()
  expect(begun).toBe('abcde')
})

it('costs nothing when nobody comes', () => {
  come('abcde')
  for (let at = 0; at < 3; at++) turn()
  expect(next).toEqual([])
})
