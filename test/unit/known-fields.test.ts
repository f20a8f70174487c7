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
  const field = known.find('X-A')!
  const expectLine = (value: string) => expect(field.line(value)).toBe(`X-A: ${value}\r\n`)
  for (const value of ['a', 'a', 'b', 'a\tb', '\xe9', '']) expectLine(value)
  for (let time = 0; time < 200; time++) {
    expectLine(`value ${time}`)
    expect(field.line('a\r\nb')).toBeUndefined()
    expect(field.line('\0')).toBeUndefined()
    expectLine('same')
    expectLine('same')
  }
  expect(field.line('\u0100')).toBeUndefined()
})

it('a line has the name as it was spelled, however long it is', () => {
  const known = fields()
  for (const name of ['X-A', 'x-a', 'X-A', `X-${'a'.repeat(100)}`]) {
    for (const value of ['same', 'same', 'other']) {
      expect(known.find(name)!.line(value)).toBe(`${name}: ${value}\r\n`)
    }
  }
})

it('ten thousand names change nothing of what is found', () => {
  const known = fields()
  for (let at = 0; at < 10_000; at++) expect(known.find(`x-${at}`)?.kind).toBe(0)
  expect(known.find('Content-Length')?.kind).toBe(LENGTH)
})
