// Long work in slices: it rests after each, so that requests are served in between.
import { setFlagsFromString } from 'node:v8'

/** The longest that anything else waits for, with the garbage of one: a rest costs some microseconds. */
const SLICE_MS = 2

/**
 * Per cent of the young space at which V8 collects it while nothing else runs. Most of what long work makes is to stay, so
 * a young collection of all of it copies 4 MB and more, and a full one in its middle as much: up to 13 and 21 ms in one go
 * with 10,000 routes. At a tenth a young one takes 0.5 to 3 ms. What requests make dies young: they keep V8's default.
 */
const USUAL_FILL = 80
const FILL_AT_LONG_WORK = 10

let longWorks = 0

/** Work that may rest wherever it yields. */
export type Steps<T> = Generator<undefined, T>

export class Pace {
  #until = performance.now() + SLICE_MS

  /** Goes through all steps; whoever has something to do meanwhile has its turn. */
  async through<T>(steps: Steps<T>): Promise<T> {
    if (longWorks++ === 0) collectYoungAt(FILL_AT_LONG_WORK)
    try {
      let step = steps.next()
      for (; !step.done; step = steps.next()) if (performance.now() >= this.#until) await this.#rest()
      return step.value
    } finally {
      if (--longWorks === 0) collectYoungAt(USUAL_FILL)
    }
  }

  async #rest(): Promise<void> {
    await new Promise(setImmediate)
    this.#until = performance.now() + SLICE_MS
  }
}

function collectYoungAt(fill: number): void {
  setFlagsFromString(`--minor-gc-task-trigger=${fill}`)
}

/** Goes through all steps at once. */
export function atOnce<T>(steps: Steps<T>): T {
  let step = steps.next()
  while (!step.done) step = steps.next()
  return step.value
}
