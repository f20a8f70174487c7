// How long and how many verified tokens are remembered.
import { describe, expect, it } from 'vitest'
import { KeySet } from '../../../../plugins/auth/key-set.ts'
import { ABSENT as OUTCOME } from '../../../../plugins/auth/provider.ts'
import { TokenCache } from '../../../../plugins/auth/token-cache.ts'

const keys = new KeySet([])
const FOREVER = Number.POSITIVE_INFINITY

describe('the cache of verified tokens', () => {
  it('remembers a token for a minute at most', () => {
    const cache = new TokenCache()
    cache.set('t', keys, { nowMs: 1000, endMs: FOREVER }, OUTCOME)
    expect(cache.get('t', keys, 60_999)).toBe(OUTCOME)
    expect(cache.get('t', keys, 61_000)).toBeUndefined()
  })

  it('remembers a token until it ends', () => {
    const cache = new TokenCache()
    cache.set('t', keys, { nowMs: 1000, endMs: 2000 }, OUTCOME)
    expect(cache.get('t', keys, 1999)).toBe(OUTCOME)
    expect(cache.get('t', keys, 2000)).toBeUndefined()
  })

  it('does not answer before the time at which it learned', () => {
    const cache = new TokenCache()
    cache.set('t', keys, { nowMs: 1000, endMs: FOREVER }, OUTCOME)
    expect(cache.get('t', keys, 999)).toBeUndefined()
  })

  it('forgets everything when the keys change', () => {
    const cache = new TokenCache()
    const changed = new KeySet([])
    cache.set('t', keys, { nowMs: 0, endMs: FOREVER }, OUTCOME)
    expect(cache.get('t', changed, 1)).toBeUndefined()
    cache.set('u', changed, { nowMs: 0, endMs: FOREVER }, OUTCOME)
    expect(cache.get('t', changed, 1)).toBeUndefined()
    expect(cache.size).toBe(1)
  })

  it('takes no token for another that ends as it does', () => {
    const cache = new TokenCache()
    const signature = 's'.repeat(342)
    cache.set(`e30.mine.${signature}`, keys, { nowMs: 0, endMs: FOREVER }, OUTCOME)
    expect(cache.get(`e30.your.${signature}`, keys, 1)).toBeUndefined()
    expect(cache.get(signature.slice(-32), keys, 1)).toBeUndefined()
    expect(cache.get(`e30.mine.${signature}`, keys, 1)).toBe(OUTCOME)
  })

  it('holds ten million characters and drops the oldest tokens', () => {
    const cache = new TokenCache()
    const token = (at: number): string => `${'p'.repeat(8000 - 4)}${String(at).padStart(4, '0')}`
    for (let at = 0; at <= 1250; at++) cache.set(token(at), keys, { nowMs: 0, endMs: FOREVER }, OUTCOME)
    expect(cache.size).toBe(1250)
    expect(cache.get(token(0), keys, 1)).toBeUndefined()
    for (const at of [1, 1250]) expect(cache.get(token(at), keys, 1)).toBe(OUTCOME)
    // What was dropped makes room again, and so does a change of keys.
    const changed = new KeySet([])
    cache.set(token(1), keys, { nowMs: 0, endMs: FOREVER }, OUTCOME)
    expect(cache.size).toBe(1250)
    for (let at = 0; at < 1250; at++) cache.set(token(at), changed, { nowMs: 0, endMs: FOREVER }, OUTCOME)
    expect(cache.size).toBe(1250)
    expect(cache.get(token(0), changed, 1)).toBe(OUTCOME)
  })

  it('holds 10,000 tokens and drops the oldest', () => {
    const cache = new TokenCache()
    const set = (token: string): void => cache.set(token, keys, { nowMs: 0, endMs: FOREVER }, OUTCOME)
    for (let at = 0; at < 10_000; at++) set(`t${at}`)
    set('t9')
    expect(cache.get('t0', keys, 1)).toBe(OUTCOME)
    set('new')
    expect(cache.size).toBe(10_000)
    expect(cache.get('t0', keys, 1)).toBeUndefined()
    for (const kept of ['t1', 't9', 'new']) expect(cache.get(kept, keys, 1)).toBe(OUTCOME)
  })
})
