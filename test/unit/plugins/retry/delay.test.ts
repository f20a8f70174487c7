// The wait before a retry: bounds of the jitter, and every form of Retry-After.
import { describe, expect, it, vi } from 'vitest'
import { backoffMs, hintedMs, parseRetryAfter } from '../../../../plugins/retry/delay.ts'
import { fc } from '../../../support/property.ts'

const unit = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

describe('backoff', () => {
  it('is full jitter below a bound that doubles up to the limit', () => {
    const bounds = [1, 2, 3, 4, 5, 6].map((retry) => backoffMs({ base: 25, max: 250 }, retry, 1))
    expect(bounds).toEqual([25, 50, 100, 200, 250, 250])
    expect(backoffMs({ base: 25, max: 250 }, 3, 0)).toBe(0)
    expect(backoffMs({ base: 25, max: 250 }, 3, 0.5)).toBe(50)
  })

  it('is never outside [0, min(base * 2^(n-1), max))', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), unit, (retry, random) => {
        const wait = backoffMs({ base: 25, max: 250 }, retry, random)
        expect(wait).toBeGreaterThanOrEqual(0)
        expect(wait).toBeLessThan(Math.min(25 * 2 ** (retry - 1), 250))
      }),
    )
  })
})

describe('a wait that the service asked for', () => {
  it('is never cut short, and spread over half as long again', () => {
    fc.assert(
      fc.property(fc.nat(), unit, (hint, random) => {
        expect(hintedMs(hint, random)).toBeGreaterThanOrEqual(hint)
        expect(hintedMs(hint, random)).toBeLessThanOrEqual(hint * 1.5)
      }),
    )
  })
})

describe('Retry-After', () => {
  const now = Date.UTC(2026, 0, 1, 12, 0, 0)

  it.each([
    ['0', 0],
    ['3', 3000],
    ['120', 120_000],
    ['9'.repeat(400), Number.POSITIVE_INFINITY],
    ['Thu, 01 Jan 2026 12:00:05 GMT', 5000],
    ['Thursday, 01-Jan-26 12:00:05 GMT', 5000],
    ['Thu Jan  1 12:00:05 2026', 5000],
    ['Wed, 31 Dec 2025 12:00:00 GMT', 0],
  ])('reads %s', (value, expected) => {
    expect(parseRetryAfter(value, now)).toBe(expected)
  })

  it.each([
    '',
    '-1',
    '1.5',
    '3s',
    'soon',
    '2026-01-01T12:00:05Z',
    'Thu, 99 Foo 2026 12:00:05 GMT',
    'Thu',
    'NaN',
  ])('has no use for %j', (value) => {
    expect(parseRetryAfter(value, now)).toBeUndefined()
  })

  it('reads a date without a zone as GMT, wherever the gateway stands', () => {
    vi.stubEnv('TZ', 'America/New_York')
    try {
      expect(parseRetryAfter('Thu Jan  1 12:00:05 2026', now)).toBe(5000)
    } finally {
      vi.unstubAllEnvs()
    }
  })

  it('never gives anything but a wait or nothing, whatever the service sends', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const wait = parseRetryAfter(value, now)
        expect(wait === undefined || wait >= 0).toBe(true)
      }),
    )
  })
})
