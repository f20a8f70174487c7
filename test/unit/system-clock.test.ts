// The real clock: three facts of it, without waiting for time to pass.
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { systemClock, systemRandom } from '../../src/system-clock.ts'

const DAY_MS = 86_400_000

describe('the system clock', () => {
  it('tells monotonic time and wall time', () => {
    const before = systemClock.now()
    expect(systemClock.now()).toBeGreaterThanOrEqual(before)
    const wall = Date.now()
    expect(systemClock.epochMs()).toBeGreaterThanOrEqual(wall)
    expect(Date.now()).toBeGreaterThanOrEqual(systemClock.epochMs())
  })

  it('runs once after the time, unless cancelled', async () => {
    const ran: string[] = []
    systemClock.after(0, () => ran.push('cancelled')).cancel()
    await new Promise<void>((resolve) => {
      systemClock.after(1, () => {
        ran.push('kept')
        resolve()
      })
    })
    expect(ran).toEqual(['kept'])
  })

  it('waits for a hundred days, which is longer than one timer of Node can be, to the millisecond', () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    let ran = 0
    const count = () => ran++
    systemClock.after(100 * DAY_MS, count)
    vi.advanceTimersByTime(100 * DAY_MS - 1)
    expect(ran).toBe(0)
    vi.advanceTimersByTime(1)
    expect(ran).toBe(1)
    const late = systemClock.after(100 * DAY_MS, count)
    vi.advanceTimersByTime(60 * DAY_MS)
    late.cancel()
    systemClock.after(Number.POSITIVE_INFINITY, count)
    vi.advanceTimersByTime(100 * DAY_MS)
    expect([ran, vi.getTimerCount()]).toEqual([1, 1])
  })

  it('does not keep the process alive', () => {
    const before = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    const timer = systemClock.after(60_000, () => {})
    const during = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    timer.cancel()
    expect(during).toBe(before)
  })
})

describe('the system dice', () => {
  it('fall in [0, 1), and differ', () => {
    const throws = Array.from({ length: 100 }, systemRandom)
    expect(throws.every((one) => one >= 0 && one < 1)).toBe(true)
    expect(new Set(throws).size).toBeGreaterThan(90)
  })
})
