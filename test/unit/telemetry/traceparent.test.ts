import { describe, expect, it } from 'vitest'
import { formatTraceparent, parseTraceparent, parseTracestate } from '../../../src/telemetry/traceparent.ts'
import { fc } from '../../support/property.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const GOOD = `00-${TRACE}-${SPAN}-01`

describe('traceparent', () => {
  it('is read into its ids and flags', () => {
    expect(parseTraceparent(GOOD)).toEqual({ traceId: TRACE, spanId: SPAN, flags: 1 })
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-00`)?.flags).toBe(0)
  })

  it('keeps the two flags that are defined and drops the rest', () => {
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-ff`)?.flags).toBe(3)
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-fc`)?.flags).toBe(0)
  })

  it('of a later version is read as far as this one goes', () => {
    expect(parseTraceparent(`01-${TRACE}-${SPAN}-01`)?.traceId).toBe(TRACE)
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-01-what-comes-next`)?.spanId).toBe(SPAN)
  })

  it.each([
    ['nothing', undefined],
    ['an empty value', ''],
    ['the forbidden version', `ff-${TRACE}-${SPAN}-01`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['upper case', GOOD.toUpperCase()],
    ['one upper case digit', GOOD.replace('af', 'Af')],
    ['a letter that is not hexadecimal', GOOD.replace('af', 'ag')],
    ['more after version 00', `${GOOD}-01`],
    ['more after a later version without a dash', `01${GOOD.slice(2)}0`],
    ['a short trace id', `00-${TRACE.slice(1)}-${SPAN}-01`],
    ['a short flag', GOOD.slice(0, -1)],
    ['flags that are not hexadecimal', `00-${TRACE}-${SPAN}-0x`],
    ['other separators', GOOD.replaceAll('-', '_')],
    ['a space in front', ` ${GOOD}`],
    ['a space at the end', `${GOOD} `],
    ['two values', `${GOOD},${GOOD}`],
    ['a line feed in place of a dash', GOOD.replace('-01', '\n01')],
    ['full-width digits', GOOD.replace('0af7', '０af7')],
  ])('is refused when it is %s', (_, header) => {
    expect(parseTraceparent(header)).toBeUndefined()
  })

  it('reads back what is written', () => {
    const hex = (length: number) =>
      fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length })
    fc.assert(
      fc.property(hex(32), hex(16), fc.integer({ min: 0, max: 3 }), (traceId, spanId, flags) => {
        fc.pre(/[^0]/.test(traceId) && /[^0]/.test(spanId))
        expect(parseTraceparent(formatTraceparent(traceId, spanId, flags))).toEqual({
          traceId,
          spanId,
          flags,
        })
      }),
    )
  })

  it('never throws, and only yields ids that are safe anywhere', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 70 }), (header) => {
        const parent = parseTraceparent(header)
        if (parent) expect(parent.traceId + parent.spanId).toMatch(/^[0-9a-f]{48}$/)
      }),
    )
  })
})

describe('tracestate', () => {
  it('goes through with its members in order', () => {
    expect(parseTracestate('rojo=00f067aa0ba902b7,congo=t61rcWkgMzE')).toBe(
      'rojo=00f067aa0ba902b7,congo=t61rcWkgMzE',
    )
    expect(parseTracestate(' a=1 ,\t, b@c=2 ')).toBe('a=1,b@c=2')
    expect(parseTracestate('1a@b=x y z')).toBe('1a@b=x y z')
  })

  it.each([
    ['nothing', undefined],
    ['an empty list', ' , '],
    ['no value', 'a'],
    ['an empty value', 'a='],
    ['an empty name', '=1'],
    ['an upper case name', 'A=1'],
    ['a control character', 'a=1\x00'],
    ['text outside ASCII', 'a=é'],
    ['one name twice', 'a=1,a=2'],
    ['too many members', Array.from({ length: 33 }, (_, n) => `k${n}=1`).join(',')],
    ['too much text', `a=${'x'.repeat(600)}`],
  ])('is dropped when it has %s', (_, header) => {
    expect(parseTracestate(header)).toBeUndefined()
  })
})
