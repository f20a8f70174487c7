// By when what waits for a client must have been taken, whatever the client sends meanwhile.
import type { Clock } from '../plugin.ts'
import type { ClientResponse } from './client-request.ts'
import type { Spread } from './spread.ts'

/** How often all of them are looked at: a timer for each answer would cost more than the answer is long. */
const LOOK_MS = 1000
/**
 * Of the time that a client may take nothing: a part of up to 128 KiB then goes out at a KiB a second with the default.
 * The connection's own timer cannot see to it, as node starts that anew for every byte that comes in, and a client that
 * dribbles while it reads nothing would hold its answer for ever.
 */
const PATIENCE = 4

type Waiting = Pick<ClientResponse, 'on' | 'destroy'>

export class WriteDeadlines {
  /** How long a client may take nothing. */
  readonly timeoutMs: number
  readonly #clock: Clock
  readonly #spread: Spread
  readonly #dueAt = new Map<Waiting, number>()
  #looking = false

  constructor(clock: Clock, timeoutMs: number, spread: Spread) {
    this.#clock = clock
    this.#spread = spread
    this.timeoutMs = timeoutMs
  }

  /** A small answer that has been handed over, all of it. */
  startWhole(response: Waiting): void {
    response.on('close', () => this.stop(response))
    this.#start(response, this.timeoutMs)
  }

  /** A part of an answer; the one that waits already keeps its deadline. */
  startPart(response: Waiting): void {
    this.#start(response, this.timeoutMs * PATIENCE)
  }

  stop(response: Waiting): void {
    this.#dueAt.delete(response)
  }

  #start(response: Waiting, ms: number): void {
    if (!this.#dueAt.has(response)) this.#dueAt.set(response, this.#clock.now() + ms)
    if (!this.#looking) this.#lookAgain()
  }

  #lookAgain(): void {
    this.#looking = this.#dueAt.size > 0
    if (this.#looking) this.#clock.after(LOOK_MS, () => this.#look())
  }

  #look(): void {
    const now = this.#clock.now()
    for (const [response, dueAt] of this.#dueAt) {
      if (now < dueAt) continue
      this.#dueAt.delete(response)
      this.#spread.run(() => response.destroy())
    }
    this.#lookAgain()
  }
}
