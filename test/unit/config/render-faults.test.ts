// How faults look: on a terminal, on long lines, and with characters that would steer it.
import { describe, expect, it } from 'vitest'
import type { ConfigFault } from '../../../src/config/fault.ts'
import { renderFaults } from '../../../src/config/render-faults.ts'

const fault = (text: string, column: number, rest: Partial<ConfigFault> = {}): ConfigFault => ({
  path: ['a', 0, 'b c'],
  message: 'is wrong',
  position: { file: 'f.yaml', line: 3, column, text },
  ...rest,
})

const render = (...faults: readonly ConfigFault[]) => renderFaults({ faults, warnings: [] }, false)

describe('a fault', () => {
  it('shows position, path, source line, caret and hint', () => {
    expect(render(fault('  key: value', 8, { hint: 'write another' }))).toBe(
      `f.yaml:3:8  error  a[0]["b c"]: is wrong
    3 |   key: value
      |        ^ write another

1 error — nothing was applied
`,
    )
  })

  it('on a long line shows what is around it', () => {
    const line = `${'x'.repeat(500)}HERE${'y'.repeat(500)}`
    const [, shown, caret] = render(fault(line, 501)).split('\n')
    expect(shown!.length).toBeLessThan(140)
    expect(shown!.slice(caret!.indexOf('^'), caret!.indexOf('^') + 4)).toBe('HERE')
    expect(shown).toMatch(/^ {4}3 \| \.\.\.x+HEREy+\.\.\.$/)
  })

  it('cannot steer the terminal, and a tab is one column', () => {
    const text = render(fault('\tkey: \x1b[2Jvalue', 2, { message: 'has \x1b]0;title\x07' }))
    expect(text).not.toMatch(/[\x1b\x07\t]/)
    expect(text).toContain('    3 |  key:  [2Jvalue\n      |  ^\n')
  })

  it('without a position shows the file and the path', () => {
    expect(
      render({ path: ['a'], message: 'is wrong', position: { file: 'c.ts' }, hint: 'do this' }),
    ).toContain('c.ts  error  a: is wrong\n        do this\n')
  })
})

describe('several', () => {
  it('are counted; warnings follow and are not', () => {
    const one = fault('x', 1)
    const text = renderFaults({ faults: [one, one], warnings: [one] }, false)
    expect(text.match(/ {2}error {2}/g)).toHaveLength(2)
    expect(text.match(/ {2}warning {2}/g)).toHaveLength(1)
    expect(text).toMatch(/\n2 errors — nothing was applied\n$/)
  })

  it('that are warnings alone apply', () => {
    expect(renderFaults({ faults: [], warnings: [fault('x', 1)] }, false)).not.toContain(
      'nothing was applied',
    )
    expect(renderFaults({ faults: [], warnings: [] }, false)).toBe('')
  })
})

it('in colour, the word is coloured and the rest readable', () => {
  const text = renderFaults({ faults: [fault('x', 1)], warnings: [fault('x', 1)] }, true)
  expect(text).toContain('\x1b[31merror\x1b[39m')
  expect(text).toContain('\x1b[33mwarning\x1b[39m')
})
