import { describe, expect, it } from 'vitest'
import { createAttemptLimit } from '../../../src/admin/attempt-limit.ts'
import { FakeClock } from '../../support/fake-clock.ts'

describe('the limit on guesses', () => {
  it('lets ten failures pass per address and minute', async () => {
    const clock = new FakeClock()
    const limit = createAttemptLimit(clock)
    for (let n = 0; n < 10; n++) {
      expect(limit.waitSeconds('a')).toBe(0)
      limit.failed('a')
    }
    expect(limit.waitSeconds('a')).toBe(60)
    expect(limit.waitSeconds('b')).toBe(0)
    await clock.advance(59_500)
    expect(limit.waitSeconds('a')).toBe(1)
    await clock.advance(501)
    expect(limit.waitSeconds('a')).toBe(0)
    limit.failed('a')
    expect(limit.waitSeconds('a')).toBe(0)
  })

  it('remembers a bounded number of addresses, the newest', () => {
    const limit = createAttemptLimit(new FakeClock())
    for (let n = 0; n < 10; n++) limit.failed('first')
    expect(limit.waitSeconds('first')).toBe(60)
    for (let address = 0; address < 1024; address++) limit.failed(`a${address}`)
    expect(limit.waitSeconds('first')).toBe(0)
  })
})
