// The keys of TLS session tickets: one for a node, so that a client may resume with another worker than it began with.
import { randomBytes } from 'node:crypto'
import type { Clock, Timer } from './plugin.ts'

/** Whoever reads the memory of this process later cannot read what was said under older keys. */
const LIFE_MS = 6 * 3_600_000
/** As node wants them: name, HMAC key and AES key together. */
const BYTES = 48

export class TicketKeys {
  readonly #clock: Clock
  readonly #onChange: (keys: Buffer) => void
  #timer: Timer | undefined
  current = randomBytes(BYTES)

  /** `onChange` hears of every change, not of the first keys. */
  constructor(clock: Clock, onChange: (keys: Buffer) => void) {
    this.#clock = clock
    this.#onChange = onChange
    this.#schedule()
  }

  close(): void {
    this.#timer?.cancel()
  }

  #schedule(): void {
    this.#timer = this.#clock.after(LIFE_MS, () => {
      this.current = randomBytes(BYTES)
      this.#schedule()
      this.#onChange(this.current)
    })
  }
}
