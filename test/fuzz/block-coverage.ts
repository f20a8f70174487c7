// Which characters of our own sources have run: V8's block coverage, asked for through the inspector.
import { Session } from 'node:inspector'

interface Range {
  readonly startOffset: number
  readonly endOffset: number
  readonly count: number
}

interface Coverage {
  readonly result: readonly {
    readonly url: string
    readonly functions: readonly { readonly ranges: readonly Range[] }[]
  }[]
}

type Functions = Coverage['result'][number]['functions']

/** URL of a script -> 1 for each character that ran. */
export type Reached = ReadonlyMap<string, Uint8Array>

export class BlockCoverage {
  readonly #session = new Session()
  readonly #isOurs: (url: string) => boolean
  readonly #kept = new Map<string, Uint8Array>()

  /** Counts from now on, in the scripts whose URL is ours. */
  constructor(isOurs: (url: string) => boolean) {
    this.#isOurs = isOurs
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** Characters in all that was kept. */
  get size(): number {
    let size = 0
    for (const kept of this.#kept.values()) for (const one of kept) size += one
    return size
  }

  /** What ran since the last call. */
  take(): Reached {
    const reached = new Map<string, Uint8Array>()
    // In its own thread a session answers before `post` returns.
    this.#session.post('Profiler.takePreciseCoverage', (failure, coverage) => {
      if (failure) throw failure
      for (const { url, functions } of (coverage as Coverage).result)
        if (this.#isOurs(url)) reached.set(url, paint(functions))
    })
    return reached
  }

  /** Whether something in it was never reached before. */
  isNew(reached: Reached): boolean {
    for (const [url, now] of reached) if (goesBeyond(now, this.#kept.get(url))) return true
    return false
  }

  keep(reached: Reached): void {
    for (const [url, now] of reached) {
      const kept = this.#kept.get(url) ?? new Uint8Array()
      const merged = new Uint8Array(Math.max(now.length, kept.length))
      merged.set(kept)
      for (let at = 0; at < now.length; at++) merged[at]! |= now[at]!
      this.#kept.set(url, merged)
    }
  }

  end(): void {
    this.#session.disconnect()
  }
}

function goesBeyond(now: Uint8Array, kept: Uint8Array = new Uint8Array()): boolean {
  for (let at = 0; at < now.length; at++) if (now[at] === 1 && kept[at] !== 1) return true
  return false
}

/** Outer ranges come first; what is inside them overrules. */
function paint(functions: Functions): Uint8Array {
  const length = Math.max(0, ...functions.map(({ ranges }) => ranges[0]!.endOffset))
  const painted = new Uint8Array(length)
  for (const { ranges } of functions)
    for (const { startOffset, endOffset, count } of ranges)
      painted.fill(count > 0 ? 1 : 0, startOffset, endOffset)
  return painted
}
