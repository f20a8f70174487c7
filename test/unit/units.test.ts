// Values with units: what they mean, and what a wrong one is told.
import { describe, expect, it } from 'vitest'
import type { z } from 'zod'
import { duration, percent, rate, size } from '../../src/units.ts'

function faultOf(schema: z.ZodType, value: unknown): string {
  const result = schema.safeParse(value)
  return result.success ? `accepted as ${JSON.stringify(result.data)}` : result.error.issues[0]!.message
}

describe('a duration', () => {
  it.each([
    ['500ms', 500],
    ['0s', 0],
    ['10s', 10_000],
    ['1.5s', 1500],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
  ])('%s is %d ms', (text, ms) => {
    expect(duration.parse(text)).toBe(ms)
  })

  it.each([
    10,
    '10',
    '10 s',
    's',
    '',
    '-1s',
    '1e3s',
    '10S',
    '1.s',
    '.5s',
    '5min',
    ' 5s',
    '5s\n',
    null,
    undefined,
    {},
  ])('is not %j: the message names the value and shows the fix', (value) => {
    expect(faultOf(duration, value)).toBe(
      `${JSON.stringify(value)} is not a duration with a unit, like 10s or 500ms`,
    )
  })
})

describe('a rate', () => {
  it.each([
    ['10/s', 10, 1000],
    ['100/min', 100, 60_000],
    ['5000/h', 5000, 3_600_000],
    ['1/d', 1, 86_400_000],
    ['100/10s', 100, 10_000],
    ['7/2min', 7, 120_000],
  ])('%s is %d in %d ms', (text, count, periodMs) => {
    expect(rate.parse(text)).toEqual({ count, periodMs })
  })

  it.each([100, '100', '0/s', '00/s', '1/0s', '1/00s', '100/m', '100/ min', '1.5/s', '/s', '-1/s'])(
    'is not %j',
    (value) => {
      expect(faultOf(rate, value)).toBe(
        `${JSON.stringify(value)} is not a rate like 100/min (units: s, min, h, d)`,
      )
    },
  )
})

describe('a share', () => {
  it.each([
    ['0%', 0],
    ['50%', 0.5],
    ['12.5%', 0.125],
    ['100%', 1],
  ])('%s is %d', (text, share) => {
    expect(percent.parse(text)).toBe(share)
  })

  it.each([50, '50', '100.1%', '101%', '-1%', '%', '50 %'])('is not %j', (value) => {
    expect(faultOf(percent, value)).toBe(`${JSON.stringify(value)} is not a share like 50%`)
  })
})

describe('a size', () => {
  it.each([
    ['0B', 0],
    ['512B', 512],
    ['10KB', 10_000],
    ['10MB', 10_000_000],
    ['1GB', 1_000_000_000],
    ['64KiB', 65_536],
    ['1.5MiB', 1_572_864],
    ['2GiB', 2_147_483_648],
    ['1.0001KiB', 1024],
  ])('%s is %d bytes', (text, bytes) => {
    expect(size.parse(text)).toBe(bytes)
  })

  it.each([1024, '1024', '1kb', '1 KiB', '1TB', '-1B', 'KiB'])('is not %j', (value) => {
    expect(faultOf(size, value)).toBe(`${JSON.stringify(value)} is not a size like 64KiB or 10MB`)
  })
})

it('every unit describes itself for the generated docs', () => {
  for (const schema of [duration, rate, percent, size]) expect(schema.description).toMatch(/^a .* like /)
})
