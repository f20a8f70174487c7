// Keys of session tickets change before they are old, and nobody keeps the ones before.
import { expect, it } from 'vitest'
import { TicketKeys } from '../../src/ticket-keys.ts'
import { FakeClock } from '../support/fake-clock.ts'

it('keys of session tickets change every six hours until they are closed', async () => {
  const clock = new FakeClock()
  const heard: string[] = []
  const keys = new TicketKeys(clock, (next) => heard.push(next.toString('hex')))
  const first = keys.current.toString('hex')
  expect(first).toHaveLength(96)
  await clock.advance(6 * 3_600_000 - 1)
  expect(heard).toEqual([])
  await clock.advance(1)
  expect(heard).toEqual([keys.current.toString('hex')])
  expect(heard).not.toContain(first)
  await clock.advance(6 * 3_600_000)
  expect(new Set(heard).size).toBe(2)
  keys.close()
  expect(clock.timers).toBe(0)
})
