// A thread that wakes the generator at the scheduled times: timers of the event loop only know whole milliseconds.
import { parentPort, workerData } from 'node:worker_threads'

/** How the thread is started. */
export interface Schedule {
  readonly startAtMs: number
  readonly intervalMs: number
  readonly count: number
  /** `performance.timeOrigin` of the generator, by whose clock the schedule is. */
  readonly timeOrigin: number
}

const cell = new Int32Array(new SharedArrayBuffer(4))

function run({ startAtMs, intervalMs, count, timeOrigin }: Schedule): void {
  const offset = performance.timeOrigin - timeOrigin
  for (let tick = 0; tick < count; tick++) {
    const waitMs = startAtMs + tick * intervalMs - (performance.now() + offset)
    if (waitMs > 0) Atomics.wait(cell, 0, 0, waitMs)
    parentPort?.postMessage(tick)
  }
}

run(workerData as Schedule)
