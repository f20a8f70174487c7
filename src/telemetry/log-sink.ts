// Where log lines go: one write at a time, a bounded buffer behind it, and a count of what did not fit.

/** A slow reader may lag by this much; then lines are dropped. The write under way may hold as much again. */
const MAX_PENDING_BYTES = 4 * 1024 * 1024

/** What takes the bytes. `done` is called once the chunk has been written, or cannot be. */
export interface LogDestination {
  write(chunk: string, done: (failure?: Error | null) => void): unknown
  /** For the last lines of a process that ends: must not wait. */
  writeSync?(chunk: string): void
}

export class LogSink {
  readonly #destination: LogDestination
  readonly #maxBytes: number
  #pending = ''
  #pendingLines = 0
  #writing = 0
  #scheduled = false
  #torn = false
  #dropped = 0
  #reported = 0
  #idle: (() => void)[] = []
  /** Told how many lines were lost once lines get through again. */
  onRecovery: (lost: number) => void = () => {}

  constructor(destination: LogDestination, maxBytes: number = MAX_PENDING_BYTES) {
    this.#destination = destination
    this.#maxBytes = maxBytes
  }

  get dropped(): number {
    return this.#dropped
  }

  /** One line of ASCII that ends in a line feed, or several. Never waits, never throws. */
  write(text: string, lines = 1): void {
    if (this.#pending.length + text.length > this.#maxBytes) {
      this.#dropped += lines
      return
    }
    this.#pending += text
    this.#pendingLines += lines
    this.#schedule()
  }

  /** Settles when everything written so far is out or lost. */
  drained(): Promise<void> {
    if (this.#pendingLines === 0 && this.#writing === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  /** Behind a write that hangs nothing can follow in order, and waiting could keep the process from ending. */
  flushSync(): void {
    if (this.#writing > 0 || this.#pendingLines === 0) return
    try {
      this.#destination.writeSync?.(this.#take())
    } catch {
      this.#dropped += this.#writing
    }
    this.#writing = 0
  }

  /** Lines of the same turn of the event loop share one write. */
  #schedule(): void {
    if (this.#scheduled || this.#writing > 0) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#flush()
    })
  }

  #flush(): void {
    if (this.#writing > 0 || this.#pendingLines === 0) return
    const chunk = this.#take()
    try {
      this.#destination.write(chunk, (failure) => this.#written(failure))
    } catch (thrown) {
      this.#written(thrown)
    }
  }

  #take(): string {
    // A failed write may have left half a line: the next one starts on its own.
    const chunk = this.#torn ? `\n${this.#pending}` : this.#pending
    this.#writing = this.#pendingLines
    this.#pending = ''
    this.#pendingLines = 0
    return chunk
  }

  #written(failure: unknown): void {
    if (this.#writing === 0) return
    if (failure) this.#dropped += this.#writing
    this.#torn = Boolean(failure)
    this.#writing = 0
    // Only into an empty buffer: a full one would drop the report as well.
    if (!failure && this.#pendingLines === 0) this.#reportLoss()
    if (this.#pendingLines > 0) this.#schedule()
    else for (const resolve of this.#idle.splice(0)) resolve()
  }

  #reportLoss(): void {
    const lost = this.#dropped - this.#reported
    if (lost === 0) return
    this.#reported = this.#dropped
    this.onRecovery(lost)
  }
}
