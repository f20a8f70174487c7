import { describe, expect, it } from 'vitest'
import { DenyCache } from '../../../../plugins/rate-limit/deny-cache.ts'

const refused = (retryAfterMs: number) => ({ allowed: false, remaining: 0, resetMs: 5000, retryAfterMs })
const at = (nowMs: number, askedAtMs = nowMs) => ({ nowMs, askedAtMs, longestMs: Number.POSITIVE_INFINITY })

describe('the cache of refusals', () => {
  it('refuses until the store would admit again, counted from before it was asked', () => {
    const cache = new DenyCache()
    cache.remember('k', refused(1000), at(140, 100))
    expect(cache.find('k', 1098)).toEqual({ untilMs: 1099, retryAtMs: 1140, resetAtMs: 5140 })
    expect(cache.find('k', 1099)).toBeUndefined()
    expect(cache.size).toBe(0)
  })

  it('remembers nothing that is over already', () => {
    const cache = new DenyCache()
    cache.remember('k', refused(30), at(140, 100))
    expect(cache.size).toBe(0)
  })

  it('can be told to forget sooner', () => {
    const cache = new DenyCache()
    cache.remember('k', refused(60_000), { ...at(0), longestMs: 1000 })
    expect(cache.find('k', 999)).toBeDefined()
    expect(cache.find('k', 1000)).toBeUndefined()
  })

  it('holds 10000 keys, and gives up the oldest', () => {
    const cache = new DenyCache()
    for (let key = 0; key < 25_000; key++) cache.remember(`${key}`, refused(1000), at(0))
    expect(cache.size).toBe(10_000)
    expect(cache.find('24999', 0)).toBeDefined()
    expect(cache.find('14999', 0)).toBeUndefined()
  })

  it('keeps no key that a client made long', () => {
    const cache = new DenyCache()
    cache.remember('x'.repeat(513), refused(1000), at(0))
    expect(cache.size).toBe(0)
  })
})
