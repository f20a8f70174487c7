// The retry budget: what a service gets when everything fails, and when nothing does.
import { describe, expect, it } from 'vitest'
import { RetryBudget } from '../../../../plugins/retry/budget.ts'

function budget({ ratio = 0.2, perSecond = 10, nodes = 1 } = {}): RetryBudget {
  return new RetryBudget({ ratio, perSecond, nodes: () => nodes })
}

function grants(one: RetryBudget, wanted: number, now = 0): number {
  let granted = 0
  for (let asked = 0; asked < wanted; asked++) {
    if (!one.withdraw(now, true)) continue
    granted++
    one.release()
  }
  return granted
}

function arrivals(one: RetryBudget, count: number, now = 0): void {
  for (let arrived = 0; arrived < count; arrived++) {
    one.arrive(now)
    one.depart()
  }
}

describe('the retry budget', () => {
  it('grants the share of the requests of the last ten seconds', () => {
    const one = budget({ perSecond: 0 })
    arrivals(one, 100)
    expect(grants(one, 1000)).toBe(20)
  })

  it('grants the reserve without any requests', () => {
    expect(grants(budget(), 1000)).toBe(100)
  })

  it.each([0.1, 0.07, 0.2, 0.3, 0.29, 1])(
    'grants exactly the share %d, not one less for rounding',
    (ratio) => {
      const one = budget({ ratio, perSecond: 0 })
      arrivals(one, 100)
      expect(grants(one, 1000)).toBe(Math.round(ratio * 100))
    },
  )

  it('grants nothing when share and reserve are nothing', () => {
    const one = budget({ ratio: 0, perSecond: 0 })
    arrivals(one, 100)
    expect(grants(one, 10)).toBe(0)
  })

  it('forgets requests and retries after ten seconds', () => {
    const one = budget({ perSecond: 0 })
    arrivals(one, 100)
    expect(grants(one, 20, 9999)).toBe(20)
    expect(grants(one, 1, 10_000)).toBe(0)
    arrivals(one, 50, 20_000)
    expect(grants(one, 100, 20_000)).toBe(10)
  })

  it('shares the reserve, not the ratio, out over the nodes', () => {
    const one = budget({ nodes: 4 })
    arrivals(one, 100)
    expect(grants(one, 1000)).toBe(20 + 25)
  })

  it('takes no harm from a cluster that counts no nodes', () => {
    expect(grants(budget({ nodes: 0 }), 1000)).toBe(100)
  })
})

describe('the guard on retries in flight', () => {
  it('allows three, however few requests there are', () => {
    const one = budget()
    one.arrive(0)
    const granted = [1, 2, 3, 4].map(() => one.withdraw(0, true))
    expect(granted).toEqual([true, true, true, false])
    one.release()
    expect(one.withdraw(0, true)).toBe(true)
  })

  it('allows the share of the requests that are under way', () => {
    const one = budget({ perSecond: 1000 })
    for (let active = 0; active < 50; active++) one.arrive(0)
    const granted = Array.from({ length: 50 }, () => one.withdraw(0, true)).filter(Boolean)
    expect(granted).toHaveLength(10)
    for (let gone = 0; gone < 50; gone++) one.depart()
    for (let gone = 0; gone < 8; gone++) one.release()
    expect(one.withdraw(0, true)).toBe(true)
    expect(one.withdraw(0, true)).toBe(false)
  })

  it('does not hold back a retry of what never reached the service, but takes it from the budget', () => {
    const one = budget({ perSecond: 1 })
    one.arrive(0)
    const granted = Array.from({ length: 20 }, () => one.withdraw(0, false)).filter(Boolean)
    expect(granted).toHaveLength(10)
  })
})

describe('a service that fails every request', () => {
  // Two retries wanted for each request, sent evenly for 100 s.
  function simulate(rps: number): { readonly retries: number; readonly worstTenSeconds: number } {
    const one = budget()
    const perWindow = new Array<number>(10).fill(0)
    for (let sent = 0; sent < rps * 100; sent++) {
      const now = (sent * 1000) / rps
      one.arrive(now)
      perWindow[Math.floor(now / 10_000)]! += grants(one, 2, now)
      one.depart()
    }
    return { retries: perWindow.reduce((sum, count) => sum + count), worstTenSeconds: Math.max(...perWindow) }
  }

  it.each([
    [1, 2],
    [10, 12],
    [100, 30],
    [1000, 210],
  ])('gets at %d requests/s at most 0.2 of them and 10 more a second as retries: %d/s', (rps, expected) => {
    const { retries, worstTenSeconds } = simulate(rps)
    expect(retries / 100).toBeLessThanOrEqual(0.2 * rps + 10)
    expect(worstTenSeconds).toBeLessThanOrEqual(10 * (0.2 * rps + 10))
    expect(retries / 100).toBeGreaterThan(expected * 0.98)
    expect(retries / 100).toBeLessThanOrEqual(expected)
  })
})
