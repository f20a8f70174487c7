// A config file's text, and where in it something stands.
import type { Position } from './fault.ts'

export class Source {
  /** As the user would type it. */
  readonly file: string
  /** Absolute. */
  readonly path: string
  /** Undefined for a module: its values have no position. */
  readonly text: string | undefined
  #lineStarts: number[] | undefined

  constructor(file: string, path: string, text?: string) {
    this.file = file
    this.path = path
    this.text = text
  }

  position(offset: number): Position {
    if (this.text === undefined) return { file: this.file }
    const starts = this.#starts(this.text)
    const line = lineIndex(starts, offset)
    const start = starts[line]!
    const end = starts[line + 1] ?? this.text.length
    const text = this.text.slice(start, end).replace(/\r?\n$/, '')
    return { file: this.file, line: line + 1, column: offset - start + 1, text }
  }

  /** `file:line`. */
  origin(offset: number): string {
    if (this.text === undefined) return this.file
    return `${this.file}:${lineIndex(this.#starts(this.text), offset) + 1}`
  }

  #starts(text: string): number[] {
    if (this.#lineStarts) return this.#lineStarts
    const starts = [0]
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
    this.#lineStarts = starts
    return starts
  }
}

function lineIndex(starts: readonly number[], offset: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (starts[middle]! <= offset) low = middle
    else high = middle - 1
  }
  return low
}
