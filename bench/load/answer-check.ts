// Whether answers are the expected ones: a wrong answer is fast, and must not count.
import type { Failures, LoadTarget } from './orders.ts'

const MAX_EXAMPLES = 5

export class AnswerCheck {
  readonly #status: number
  readonly #bodyBytes: number
  readonly #examples: string[] = []
  #count = 0

  constructor({ expectedStatus, expectedBodyBytes }: LoadTarget) {
    this.#status = expectedStatus
    this.#bodyBytes = expectedBodyBytes
  }

  isRight(status: number, bodyBytes: number): boolean {
    if (status === this.#status && bodyBytes === this.#bodyBytes) return true
    this.fail(`answered ${status} with ${bodyBytes} bytes`)
    return false
  }

  fail(what: string): void {
    this.#count++
    if (this.#examples.length < MAX_EXAMPLES) this.#examples.push(what)
  }

  get failures(): Failures {
    return { count: this.#count, examples: [...this.#examples] }
  }
}
