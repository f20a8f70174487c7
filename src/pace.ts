// Long work in slices: it rests after each, so that requests are served in between.

/** The longest that anything else waits for; a rest costs some microseconds. */
const SLICE_MS = 4

/** Work that may rest wherever it yields. */
export type Steps<T> = Generator<undefined, T>

export class Pace {
  #until = performance.now() + SLICE_MS

  /** Goes through all steps; whoever has something to do meanwhile has its turn. */
  async through<T>(steps: Steps<T>): Promise<T> {
    let step = steps.next()
    for (; !step.done; step = steps.next()) if (performance.now() >= this.#until) await this.#rest()
    return step.value
  }

  async #rest(): Promise<void> {
    await new Promise(setImmediate)
    this.#until = performance.now() + SLICE_MS
  }
}

/** Goes through all steps at once. */
export function atOnce<T>(steps: Steps<T>): T {
  let step = steps.next()
  while (!step.done) step = steps.next()
  return step.value
}
