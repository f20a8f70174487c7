// The requests that wait for a connection to one target, in the order of their arrival; whoever gives up leaves the line.
import type { Outgoing, Receiver } from './transmission.ts'

/** A request that waits to be sent. */
export interface Work {
  readonly request: Outgoing
  readonly receiver: Receiver
}

export class WaitingLine<W extends Work> {
  readonly #works = new Set<W>()
  readonly #most: number

  /** `most`: how many may wait at once; whoever lets them in counts them. */
  constructor(most: number) {
    this.#most = most
  }

  get size(): number {
    return this.#works.size
  }

  add(work: W): void {
    // Whoever gave up while waiting left its work behind: that goes before the line could grow without end.
    if (this.#works.size >= this.#most) this.#dropEnded()
    this.#works.add(work)
  }

  /** Undefined: nobody waits any more. */
  next(): W | undefined {
    for (const work of this.#works) {
      this.#works.delete(work)
      if (!work.receiver.ended) return work
      dropBody(work)
    }
    return undefined
  }

  /** All that still wait, for somebody else to do. */
  takeAll(): readonly W[] {
    this.#dropEnded()
    const works = [...this.#works]
    this.#works.clear()
    return works
  }

  failAll(error: Error): void {
    for (const work of this.takeAll()) failUnstarted(work, error)
  }

  #dropEnded(): void {
    for (const work of this.#works) {
      if (!work.receiver.ended) continue
      this.#works.delete(work)
      dropBody(work)
    }
  }
}

/** The service cannot have seen the request, and any method may be sent again. */
export function failUnstarted(work: Work, error: unknown): void {
  dropBody(work)
  work.receiver.onFailure(error)
}

/** It will not be done: nobody reads the client's body for it any more. */
function dropBody({ request }: Work): void {
  request.body?.destroy()
}
