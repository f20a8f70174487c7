// The threads of V8 that compile and mark beside the one that serves: on one core they give way to it.
import { readdirSync, readFileSync } from 'node:fs'
import { setPriority } from 'node:os'

/** A tenth of what the serving thread gets. Not less: it waits for them at the end of a full collection. */
const NICENESS = 10
const THREADS = '/proc/self/task'

/**
 * They take the core for milliseconds at a time, as often as the thread that serves: a turn that meets a full collection, or
 * code that has just become hot, took 5 to 20 ms. Linux gives each thread a priority of its own; elsewhere nothing is done.
 */
export function makeHelpersGiveWay(): void {
  try {
    for (const thread of readdirSync(THREADS)) if (isHelper(thread)) setPriority(Number(thread), NICENESS)
  } catch {
    // Another system, or a sandbox that forbids it: they share the core as before.
  }
}

function isHelper(thread: string): boolean {
  return readFileSync(`${THREADS}/${thread}/comm`, 'utf8').startsWith('V8Worker')
}
