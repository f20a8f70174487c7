// When a part of an answer must have been taken, whatever the client sends meanwhile.
import type { Clock, Timer } from '../plugin.ts'
import type { ClientResponse } from './client-request.ts'

/**
 * Of the time that a client may take nothing: a part of up to 128 KiB then goes out at a KiB a second with the default.
 * The connection's own timer cannot see to it, as node starts that anew for every byte that comes in, and a client that
 * dribbles while it reads nothing would hold its answer for ever.
 */
const PATIENCE = 4

export class WriteDeadline {
  readonly #response: ClientResponse
  readonly #clock: Clock
  readonly #ms: number
  #timer: Timer | undefined

  constructor(response: ClientResponse, clock: Clock, writeTimeoutMs: number) {
    this.#response = response
    this.#clock = clock
    this.#ms = writeTimeoutMs * PATIENCE
    response.on('close', () => this.stop())
  }

  /** Something waits to be taken. */
  start(): void {
    this.#timer ??= this.#clock.after(this.#ms, () => this.#response.destroy())
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = undefined
  }
}
