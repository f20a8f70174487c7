// Where the messages of gRPC begin and end in a body: five bytes of flag and length, then the message.

const PREFIX_BYTES = 5

export class MessageScan {
  readonly #prefix = Buffer.alloc(PREFIX_BYTES)
  #prefixBytes = 0
  #left = 0

  /** True when all that came are whole messages. */
  get isBetween(): boolean {
    return this.#left === 0 && this.#prefixBytes === 0
  }

  take(chunk: Buffer): void {
    let at = 0
    while (at < chunk.length) {
      if (this.#left > 0) {
        const skipped = Math.min(this.#left, chunk.length - at)
        this.#left -= skipped
        at += skipped
      } else {
        at += this.#takePrefix(chunk, at)
      }
    }
  }

  #takePrefix(chunk: Buffer, at: number): number {
    const taken = chunk.copy(this.#prefix, this.#prefixBytes, at, at + PREFIX_BYTES - this.#prefixBytes)
    this.#prefixBytes += taken
    if (this.#prefixBytes === PREFIX_BYTES) {
      this.#left = this.#prefix.readUInt32BE(1)
      this.#prefixBytes = 0
    }
    return taken
  }
}
