// How long a connection stays behind its last answer: a client that uploads may not read before it has written all of it,
// and a connection that is closed while bytes of it are unread is reset, which takes the answer from that client.

/** How long a client may take to read its answer and close, when no upload is coming. */
const SILENCE_MS = 2000
/** In all, whatever comes; nginx has the same bound (`lingering_time`). */
const LONGEST_MS = 30_000

export class Linger {
  readonly #connection: { readonly bytesRead: number }
  readonly #leastBytes: number
  readonly #begunAt: number
  /** When so much had come again, and how much that was in all. */
  #heardAt: number
  #bytes: number

  /** `bodyRate`: what a body must bring in a second. Less than that is no upload to wait for. */
  constructor(connection: { readonly bytesRead: number }, bodyRate: number, now: number) {
    this.#connection = connection
    this.#leastBytes = (bodyRate * SILENCE_MS) / 1000
    this.#begunAt = now
    this.#heardAt = now
    this.#bytes = connection.bytesRead
  }

  isOver(now: number): boolean {
    const { bytesRead } = this.#connection
    if (bytesRead - this.#bytes >= this.#leastBytes) {
      this.#bytes = bytesRead
      this.#heardAt = now
    }
    return now - this.#heardAt >= SILENCE_MS || now - this.#begunAt >= LONGEST_MS
  }
}
