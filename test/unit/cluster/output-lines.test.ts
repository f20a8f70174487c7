import { expect, it } from 'vitest'
import { OutputLines } from '../../../src/cluster/output-lines.ts'

function cut(...chunks: string[]): string[] {
  const written: string[] = []
  const lines = new OutputLines((text) => written.push(text))
  for (const chunk of chunks) lines.add(chunk)
  lines.end()
  return written
}

it('hands on whole lines only, however the bytes arrive', () => {
  expect(cut('one\ntw', 'o', '\nthree\n')).toEqual(['one\n', 'two\nthree\n'])
})

it('ends the line that a dying worker has begun', () => {
  expect(cut('one\n{"half":')).toEqual(['one\n', '{"half":\n'])
})

it('does not collect a line without end', () => {
  const written = cut('x'.repeat(300_000), 'y')
  expect(written.map(({ length }) => length)).toEqual([300_001, 2])
})
