import { describe, expect, it } from 'vitest'
import { asciiJson, jsonMs, jsonNumber, jsonText } from '../../../src/telemetry/json-text.ts'
import { fc } from '../../support/property.ts'

const PRINTABLE = /^[\x20-\x7e]*$/

describe('JSON text', () => {
  it('says the same as the original, in printable ASCII only', () => {
    for (const text of [
      '',
      'plain',
      'a\r\nb',
      '\x1b[2J',
      '\u2028\u2029',
      '\u202Eevil',
      '"\\/',
      '\x7f\x80\x9f',
      'Zoë 😀',
    ]) {
      expect(JSON.parse(jsonText(text, 100))).toBe(text)
      expect(jsonText(text, 100)).toMatch(PRINTABLE)
    }
  })

  it('keeps a lone surrogate as an escape', () => {
    expect(jsonText('a\ud800b', 10)).toBe('"a\\ud800b"')
    expect(jsonText('a\udc00', 10)).toBe('"a\\udc00"')
  })

  it('never breaks, whatever the text is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 50 }),
        fc.array(fc.integer({ min: 0, max: 0xffff })),
        (text, units) => {
          for (const one of [text, String.fromCharCode(...units)]) {
            const json = jsonText(one, 1000)
            expect(json).toMatch(PRINTABLE)
            expect(JSON.parse(json)).toBe(one)
          }
        },
      ),
    )
  })

  it('cuts what is too long before it escapes it', () => {
    expect(jsonText('x'.repeat(70_000), 1024)).toHaveLength(1026)
    expect(JSON.parse(jsonText('😀😀', 3))).toBe('😀\ud83d')
  })

  it('escapes finished JSON without changing its meaning', () => {
    const facts = { ключ: ['\u2028', { ünï: '\x7f' }] }
    expect(asciiJson(JSON.stringify(facts))).toMatch(PRINTABLE)
    expect(JSON.parse(asciiJson(JSON.stringify(facts)))).toEqual(facts)
  })

  it('writes null for numbers that JSON does not have', () => {
    expect([jsonNumber(7), jsonNumber(Number.NaN), jsonNumber(Number.POSITIVE_INFINITY)]).toEqual([
      '7',
      'null',
      'null',
    ])
  })

  it('writes milliseconds to the microsecond', () => {
    expect([jsonMs(1.23456), jsonMs(Number.NaN)]).toEqual(['1.235', 'null'])
  })
})
