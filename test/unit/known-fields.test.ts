import { expect, it } from 'vitest'
import { KnownFields } from '../../src/known-fields.ts'

const LENGTH = 1
const fields = () => new KnownFields([['content-length', LENGTH]])

it('a name has its kind in any case, and all others have none', () => {
  const known = fields()
  for (const name of ['Content-Length', 'content-length', 'CONTENT-LENGTH']) {
    expect([known.find(name)?.kind, known.find(name)?.kind]).toEqual([LENGTH, LENGTH])
  }
  expect(known.find('Content-Type')?.kind).toBe(0)
})

it('what is no name stays none, however often it is asked for', () => {
  const known = fields()
  for (const name of ['', 'a b', 'a:', 'a\r', '\xe9', 'a b']) expect(known.find(name)).toBeUndefined()
})

it('a value is judged by itself, whatever was allowed before it', () => {
  const known = fields()
  const name = known.find('X-A')!
  for (const value of ['a', 'a', 'b', 'a\tb', '\xe9', '']) expect(name.allows(value)).toBe(true)
  for (let time = 0; time < 200; time++) {
    expect(name.allows(`value ${time}`)).toBe(true)
    expect(name.allows('a\r\nb')).toBe(false)
    expect(name.allows('\0')).toBe(false)
    expect(name.allows('same')).toBe(true)
  }
  expect(name.allows('\u0100')).toBe(false)
})

it('ten thousand names change nothing of what is found', () => {
  const known = fields()
  for (let at = 0; at < 10_000; at++) expect(known.find(`x-${at}`)?.kind).toBe(0)
  expect(known.find('Content-Length')?.kind).toBe(LENGTH)
})
