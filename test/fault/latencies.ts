// When requests were due and how long they took.
import { percentile } from '../../bench/statistics/latencies.ts'

/** In milliseconds. Two lists of numbers, as an object for each request is garbage that its collection would measure. */
export class Latencies {
  #due: number[] = []
  #ms: number[] = []

  add(due: number, ms: number): void {
    this.#due.push(due)
    this.#ms.push(ms)
  }

  get p99(): number {
    return percentile99(this.#ms)
  }

  /** Of the requests of both. */
  with(others: Latencies): Latencies {
    const both = new Latencies()
    both.#due = [...this.#due, ...others.#due]
    both.#ms = [...this.#ms, ...others.#ms]
    return both
  }

  /** The 99th percentile of so many seconds after the other. */
  course(seconds: number): number[] {
    const from = this.#due.reduce((least, due) => Math.min(least, due), Number.POSITIVE_INFINITY)
    const parts = Map.groupBy(this.#due.keys(), (at) =>
      Math.floor((this.#due[at]! - from) / (seconds * 1000)),
    )
    const inOrder = [...parts].toSorted(([a], [b]) => a - b)
    return inOrder.map(([, ats]) => percentile99(ats.map((at) => this.#ms[at]!)))
  }

  /** In how many seconds the 99th percentile of that second alone was over it. */
  secondsOver(limit: number): number {
    return this.course(1).filter((p99) => p99 > limit).length
  }
}

const percentile99 = (ms: readonly number[]) => percentile(Float64Array.from(ms).sort(), 99)
