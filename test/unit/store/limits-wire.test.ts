import { describe, expect, it } from 'vitest'
import type { LimitCheck } from '../../../src/plugin.ts'
import { redisBucketKey } from '../../../src/store/bucket-key.ts'
import { NO_TERMS } from '../../../src/store/lease.ts'
import { LimitCalls } from '../../../src/store/limits-wire.ts'
import { slotPhaseUs } from '../../../src/store/slot-phase.ts'

const window = (key: string, limit = 5): LimitCheck => ({ kind: 'window', key, limit, windowMs: 60_000 })
const rate = (key: string, burst: number): LimitCheck => ({
  kind: 'rate',
  key,
  limit: 5,
  periodMs: 1000,
  burst,
})
const ONCE = { cost: 1, terms: undefined }

/** The values in a text of bulk strings, each checked against its length in bytes. */
function valuesOf(text: string): string[] {
  const values: string[] = []
  for (let rest = Buffer.from(text); rest.length > 0; ) {
    const end = rest.indexOf('\r\n')
    const length = Number(rest.toString('latin1', 1, end))
    values.push(rest.toString('utf8', end + 2, end + 2 + length))
    expect(rest.toString('latin1', end + 2 + length, end + 4 + length)).toBe('\r\n')
    rest = rest.subarray(end + 4 + length)
  }
  return values
}

describe('a call of the limit script', () => {
  it('names the buckets first, then the cost and what each check says', () => {
    const checks = [window('a'), rate('b', 9)]
    const { keys, count, text } = new LimitCalls('ключ:').arguments(checks, { cost: 3, terms: undefined })
    const [phaseA, phaseB] = checks.map((check) => String(slotPhaseUs(check)))
    const values = valuesOf(text)
    expect(values).toEqual([
      ...checks.map((check) => redisBucketKey('ключ:', check)),
      ...['3', 'window', '5', '60000', '0', phaseA, 'rate', '5', '1000', '9', phaseB],
    ])
    expect([keys, count]).toEqual([2, values.length])
  })

  it('says behind each check what is given back and wanted', () => {
    const terms = [{ ...NO_TERMS, rest: 2, slot: 7, wanted: 30, divisor: 4 }]
    const { count, text } = new LimitCalls('p:').arguments([window('a')], { cost: 1, terms })
    const values = valuesOf(text)
    expect(values.slice(-4)).toEqual(['2', '7', '30', '4'])
    expect(count).toBe(values.length)
  })

  it.each([
    ['limit', window('a', 6)],
    ['period', { ...window('a'), windowMs: 1000 } as LimitCheck],
    ['kind', rate('a', 1)],
    ['burst', rate('a', 2)],
  ])('is the new one once the %s of a known key has changed', (_, changed) => {
    const calls = new LimitCalls('p:')
    for (const check of [window('a'), rate('a', 1), window('a'), changed, window('a')]) {
      expect(calls.arguments([check], ONCE)).toEqual(new LimitCalls('p:').arguments([check], ONCE))
    }
  })

  it('stays right when more keys come by than are kept', () => {
    const calls = new LimitCalls('p:')
    for (let key = 0; key < 10_050; key++) calls.arguments([window(`k${key}`)], ONCE)
    for (const key of ['k1', 'k10049', 'x'.repeat(500)]) {
      expect(calls.arguments([window(key)], ONCE)).toEqual(
        new LimitCalls('p:').arguments([window(key)], ONCE),
      )
    }
  })
})
