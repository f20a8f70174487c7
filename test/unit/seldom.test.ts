// What is said seldom: at once, then not for a while, then with how often it was held back.
import { expect, it } from 'vitest'
import { Seldom } from '../../src/seldom.ts'
import { FakeClock } from '../support/fake-clock.ts'

it('says the first, holds back what comes within ten seconds, and counts it', async () => {
  const clock = new FakeClock()
  const seldom = new Seldom(clock)
  const said: number[] = []
  const happen = () => seldom.say((held) => said.push(held))
  for (let time = 0; time < 3; time++) happen()
  await clock.advance(9999)
  happen()
  expect(said).toEqual([0])
  await clock.advance(1)
  happen()
  await clock.advance(10_000)
  happen()
  expect(said).toEqual([0, 3, 0])
})
