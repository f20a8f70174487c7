// That costly things are shared, and closed exactly once.
import { describe, expect, it } from 'vitest'
import { Leases, leasesOf } from '../../../../plugins/auth/leases.ts'
import { FakeClock } from '../../../support/fake-clock.ts'

class Thing {
  closed = 0
  close(): void {
    this.closed++
  }
}

describe('a lease', () => {
  it('shares one thing by key, and closes it with its last holder', async () => {
    const leases = new Leases<Thing>()
    const first = leases.take('a', () => new Thing())
    const second = leases.take('a', () => new Thing())
    expect(second.value).toBe(first.value)
    await first.close()
    expect(first.value.closed).toBe(0)
    await second.close()
    expect(first.value.closed).toBe(1)
  })

  it('counts a holder once, however often it gives back', async () => {
    const leases = new Leases<Thing>()
    const first = leases.take('a', () => new Thing())
    leases.take('a', () => new Thing())
    await first.close()
    await first.close()
    expect(first.value.closed).toBe(0)
  })

  it('builds anew after the last holder has gone, and by another key', async () => {
    const leases = new Leases<Thing>()
    const first = leases.take('a', () => new Thing())
    expect(leases.take('b', () => new Thing()).value).not.toBe(first.value)
    await first.close()
    expect(leases.take('a', () => new Thing()).value).not.toBe(first.value)
  })

  it('leaves nothing behind when building fails', () => {
    const leases = new Leases<Thing>()
    const failing = (): Thing => {
      throw new Error('no')
    }
    expect(() => leases.take('a', failing)).toThrow('no')
    expect(leases.take('a', () => new Thing()).value.closed).toBe(0)
  })

  it('is between the routes of one gateway, not between gateways', () => {
    const clock = new FakeClock()
    expect(leasesOf(clock)).toBe(leasesOf(clock))
    expect(leasesOf(clock)).not.toBe(leasesOf(new FakeClock()))
  })
})
