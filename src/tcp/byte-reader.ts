// Reads the structures of TLS from bytes that a stranger sent: running over the end is a fact, never an exception.

const NO_BYTES = Buffer.alloc(0)

export class ByteReader {
  readonly #bytes: Buffer
  #at = 0
  #failed = false

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** True once more was asked for than there is; everything read since is empty or 0. */
  get failed(): boolean {
    return this.#failed
  }

  get left(): number {
    return this.#bytes.length - this.#at
  }

  /** Nothing was missing and nothing is left over. */
  get isWhole(): boolean {
    return !this.#failed && this.left === 0
  }

  take(length: number): Buffer {
    if (this.#failed || length > this.left) {
      this.#failed = true
      this.#at = this.#bytes.length
      return NO_BYTES
    }
    this.#at += length
    return this.#bytes.subarray(this.#at - length, this.#at)
  }

  /** Big endian, of up to 3 bytes. */
  number(bytes: 1 | 2 | 3): number {
    const taken = this.take(bytes)
    return taken.length === 0 ? 0 : taken.readUIntBE(0, bytes)
  }

  /** What follows its own length, itself to be read (RFC 8446 section 3.4). */
  vector(lengthBytes: 1 | 2): ByteReader {
    return new ByteReader(this.take(this.number(lengthBytes)))
  }
}
