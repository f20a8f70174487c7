// Faults as a person reads them: position, source line, caret and hint.
import { styleText } from 'node:util'
import { type ConfigFault, sentence } from './fault.ts'

/** What is shown of a long line, and how much of it before the fault. */
const MAX_LINE = 120
const LEAD = 60
const GUTTER = 5
// A config must not steer the terminal that it is checked in.
const CONTROL = /[\0-\x1f\x7f-\x9f]/g

export interface Rendered {
  readonly faults: readonly ConfigFault[]
  readonly warnings: readonly ConfigFault[]
}

export function renderFaults({ faults, warnings }: Rendered, color: boolean): string {
  const paint: Paint = (style, text) => (color ? styleText(style, text, { validateStream: false }) : text)
  const texts = [
    ...faults.map((fault) => renderOne(fault, paint('red', 'error'), paint)),
    ...warnings.map((warning) => renderOne(warning, paint('yellow', 'warning'), paint)),
  ]
  if (faults.length > 0) {
    texts.push(`\n${faults.length} ${faults.length === 1 ? 'error' : 'errors'} — nothing was applied\n`)
  }
  return texts.join('')
}

type Paint = (style: 'red' | 'yellow' | 'dim', text: string) => string

function renderOne(fault: ConfigFault, level: string, paint: Paint): string {
  const { position, hint } = fault
  const place = [position?.file ?? '', position?.line, position?.column].filter((part) => part !== undefined)
  const head = `${place.join(':')}  ${level}  ${clean(sentence(fault))}\n`
  if (position?.text === undefined || position.line === undefined || position.column === undefined) {
    return hint ? `${head}        ${clean(hint)}\n` : head
  }
  const { shown, caret } = crop(clean(position.text), position.column)
  const number = paint('dim', `${String(position.line).padStart(GUTTER)} |`)
  const empty = paint('dim', `${' '.repeat(GUTTER)} |`)
  const pointer = `${' '.repeat(caret)}^${hint ? ` ${clean(hint)}` : ''}`
  return `${head}${number} ${shown}\n${empty} ${pointer}\n`
}

function crop(line: string, column: number): { readonly shown: string; readonly caret: number } {
  if (line.length <= MAX_LINE) return { shown: line, caret: column - 1 }
  const start = Math.max(0, column - 1 - LEAD)
  const lead = start > 0 ? '...' : ''
  const end = start + MAX_LINE
  const tail = end < line.length ? '...' : ''
  return { shown: `${lead}${line.slice(start, end)}${tail}`, caret: column - 1 - start + lead.length }
}

function clean(text: string): string {
  return text.replace(CONTROL, ' ')
}
