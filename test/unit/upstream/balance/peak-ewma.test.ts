// The load of a target by the published formula, number by number.
import { describe, expect, it } from 'vitest'
import { PeakEwma } from '../../../../src/upstream/balance/peak-ewma.ts'

const DECAY_MS = 10_000
const SEED_MS = 30
const decayed = (value: number, ms: number) => value * Math.exp(-ms / DECAY_MS)

describe('the latency of a target', () => {
  it('is taken for 30 ms before anything was measured, and decays from then', () => {
    const ewma = new PeakEwma(1000)
    expect(ewma.read(1000)).toBe(SEED_MS)
    expect(ewma.read(11_000)).toBeCloseTo(SEED_MS / Math.E, 10)
  })

  it('rises at once to a peak', () => {
    const ewma = new PeakEwma(0)
    ewma.observe(500, 100)
    expect(ewma.read(100)).toBe(500)
    ewma.observe(800, 101)
    expect(ewma.read(101)).toBe(800)
  })

  it.each([0, 1, 100, 5000, 10_000, 60_000])(
    'falls towards a lower one by e^(-dt/tau), here after %d ms',
    (dt) => {
      const ewma = new PeakEwma(0)
      ewma.observe(1000, 0)
      ewma.observe(10, dt)
      const weight = Math.exp(-dt / DECAY_MS)
      expect(ewma.read(dt)).toBeCloseTo(10 * (1 - weight) + 1000 * weight, 8)
    },
  )

  it('decays while nobody asks the target anything, so that it is tried again', () => {
    const ewma = new PeakEwma(0)
    ewma.observe(5000, 0)
    for (const ms of [1, 1000, 10_000, 100_000]) expect(ewma.read(ms)).toBeCloseTo(decayed(5000, ms), 8)
  })

  it('is not changed by being read', () => {
    const ewma = new PeakEwma(0)
    ewma.observe(1000, 0)
    ewma.read(5000)
    expect(ewma.read(10_000)).toBeCloseTo(decayed(1000, 10_000), 8)
  })

  it('does not grow when time seems to stand still or to go back', () => {
    const ewma = new PeakEwma(1000)
    ewma.observe(100, 1000)
    expect(ewma.read(500)).toBe(100)
    ewma.observe(10, 500)
    expect(ewma.read(500)).toBe(100)
  })
})
