import { describe, expect, it } from 'vitest'
import type { LimitCheck } from '../../../src/plugin.ts'
import { createMemoryStore } from '../../../src/store/memory-store.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { alignedKey } from './timed-stores.ts'

const perMinute = (key: string, limit = 10): LimitCheck => ({ kind: 'window', key, limit, windowMs: 60_000 })
const aligned = perMinute(alignedKey())

describe('the memory store', () => {
  it('answers at once and says that it is not shared', () => {
    const store = createMemoryStore({ clock: new FakeClock() })
    expect(store.shared).toBe(false)
    expect(store.take([aligned])).toEqual({
      allowed: true,
      states: [{ allowed: true, remaining: 9, resetMs: 61_000, retryAfterMs: 0 }],
    })
  })

  it('holds no more keys than it may, however many there are', () => {
    const store = createMemoryStore({ clock: new FakeClock(), maxKeys: 1000 })
    for (let key = 0; key < 50_000; key++) store.take([perMinute(`client ${key}`)])
    expect(store.size).toBe(1000)
  })

  it('gives up expired keys before living ones', async () => {
    const clock = new FakeClock()
    const store = createMemoryStore({ clock, maxKeys: 8 })
    for (const key of ['a', 'b', 'c', 'd']) store.take([perMinute(key)])
    await clock.advance(61_000)
    for (const key of ['e', 'f', 'g', 'h']) store.take([perMinute(key)])
    for (const key of ['i', 'j', 'k', 'l']) store.take([perMinute(key)])
    const kept = ['e', 'f', 'g', 'h', 'i', 'j', 'k', 'l'].map((key) => store.take([perMinute(key)], 0))
    expect(kept.map((verdict) => verdict.states[0]!.remaining)).toEqual(Array(8).fill(9))
  })

  it('does not forget an exhausted key because of a flood of new ones', () => {
    const store = createMemoryStore({ clock: new FakeClock(), maxKeys: 100 })
    store.take([perMinute('attacker')], 10)
    for (let key = 0; key < 10_000; key++) store.take([perMinute(`flood ${key}`)])
    expect(store.take([perMinute('attacker')]).allowed).toBe(false)
  })

  it('takes no place in the table for a peek or a refusal', () => {
    const store = createMemoryStore({ clock: new FakeClock() })
    store.take([perMinute('peek')], 0)
    store.take([perMinute('too much')], 11)
    expect(store.size).toBe(0)
  })

  it('tells long keys apart that begin alike', () => {
    const store = createMemoryStore({ clock: new FakeClock() })
    const long = 'x'.repeat(10_000)
    store.take([perMinute(`${long}1`)], 10)
    expect(store.take([perMinute(`${long}2`)]).allowed).toBe(true)
    expect(store.take([perMinute(`${long}1`)]).allowed).toBe(false)
  })

  it('is not moved by a step of the wall clock', () => {
    const clock = new FakeClock()
    const store = createMemoryStore({ clock })
    store.take([aligned], 10)
    clock.stepWallTime(3_600_000)
    expect(store.take([aligned]).allowed).toBe(false)
    clock.stepWallTime(-7_200_000)
    expect(store.take([aligned]).states[0]!.resetMs).toBe(61_000)
  })
})
