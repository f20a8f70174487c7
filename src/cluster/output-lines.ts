// The output of a worker cut into whole lines, so that the lines of several workers can share one output.

/** A longer line is cut there: a worker must not fill the memory of the primary. */
const MAX_LINE = 256 * 1024

export class OutputLines {
  readonly #write: (lines: string) => void
  #rest = ''

  /** `write` gets one or more whole lines at a time. */
  constructor(write: (lines: string) => void) {
    this.#write = write
  }

  add(chunk: string): void {
    const end = chunk.lastIndexOf('\n') + 1
    if (end > 0) {
      this.#write(this.#rest + chunk.slice(0, end))
      this.#rest = ''
    }
    this.#rest += chunk.slice(end)
    if (this.#rest.length > MAX_LINE) this.end()
  }

  /** A line that was begun and will not be finished. */
  end(): void {
    if (this.#rest !== '') this.#write(`${this.#rest}\n`)
    this.#rest = ''
  }
}
