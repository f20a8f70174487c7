import { describe, expect, it } from 'vitest'
import { StoreBreaker } from '../../../src/store/store-breaker.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function setUp() {
  const clock = new FakeClock()
  const events: string[] = []
  const redis = { up: false, probes: 0 }
  const breaker = new StoreBreaker({
    clock,
    probe: async () => {
      redis.probes++
      if (!redis.up) throw new Error('down')
    },
    onOpen: (reason) => events.push(`open: ${reason}`),
    onClose: (openForMs) => events.push(`closed after ${openForMs}`),
  })
  const fail = (times: number): void => {
    for (let time = 0; time < times; time++) breaker.failure(`failure ${time + 1}`)
  }
  return { clock, events, redis, breaker, fail }
}

describe('the breaker of the store', () => {
  it('opens after three failures in a row and says so once', () => {
    const { breaker, events, fail } = setUp()
    fail(2)
    expect(breaker.open).toBe(false)
    fail(5)
    expect(breaker.open).toBe(true)
    expect(events).toEqual(['open: failure 1'])
  })

  it('forgets failures after a success', () => {
    const { breaker, fail } = setUp()
    fail(2)
    breaker.success()
    fail(2)
    expect(breaker.open).toBe(false)
  })

  it('probes every 500 ms and closes with the first probe that succeeds', async () => {
    const { clock, breaker, events, redis, fail } = setUp()
    fail(3)
    await clock.advance(1999)
    expect(redis.probes).toBe(3)
    redis.up = true
    await clock.advance(1)
    expect(breaker.open).toBe(false)
    expect(events).toEqual(['open: failure 3', 'closed after 2000'])
    await clock.advance(10_000)
    expect(redis.probes).toBe(4)
  })

  it('stays open when an answer from before the outage arrives late', () => {
    const { breaker, fail } = setUp()
    fail(3)
    breaker.success()
    expect(breaker.open).toBe(true)
  })

  it('probes at once on a sign of life, one probe at a time', async () => {
    const { clock, breaker, redis, fail } = setUp()
    breaker.probeNow()
    expect(redis.probes).toBe(0)
    fail(3)
    redis.up = true
    breaker.probeNow()
    breaker.probeNow()
    await clock.advance(0)
    expect(redis.probes).toBe(1)
    expect(breaker.open).toBe(false)
  })

  it('leaves no timer behind when it ends, not even after a probe under way', async () => {
    const { clock, breaker, events, fail } = setUp()
    fail(3)
    breaker.probeNow()
    breaker.end()
    await clock.advance(0)
    fail(3)
    breaker.probeNow()
    await clock.advance(0)
    expect(clock.timers).toBe(0)
    expect(events).toHaveLength(1)
  })
})
