// Bytes at the cost of what they are: Node hands out views of all that it has read from a socket at once.

/** What small chunks are gathered in. */
const BLOCK_BYTES = 4096

/** The same bytes, in memory of their own where they are a small part of what they came in. */
export function own(chunk: Buffer): Buffer {
  if (chunk.length * 2 > chunk.buffer.byteLength) return chunk
  const copy = Buffer.allocUnsafeSlow(chunk.length)
  chunk.copy(copy)
  return copy
}

/** Chunks that are kept: a view of one byte costs 120, and 64 KiB where it holds what it came in. */
export class OwnBytes {
  readonly #chunks: Buffer[] = []
  #block: Buffer | undefined
  /** The last chunk is the beginning of the block, so much of it. */
  #used = 0

  /** In order. */
  get chunks(): readonly Buffer[] {
    return this.#chunks
  }

  add(chunk: Buffer): void {
    const used = this.#used + chunk.length
    if (this.#block && used <= BLOCK_BYTES) {
      chunk.copy(this.#block, this.#used)
      this.#chunks[this.#chunks.length - 1] = this.#block.subarray(0, used)
      this.#used = used
    } else if (this.#chunks.length === 0 || chunk.length >= BLOCK_BYTES) {
      // One chunk is what most bodies are.
      this.#chunks.push(own(chunk))
      this.#block = undefined
    } else {
      this.#block = Buffer.allocUnsafeSlow(BLOCK_BYTES)
      chunk.copy(this.#block)
      this.#chunks.push(this.#block.subarray(0, chunk.length))
      this.#used = chunk.length
    }
  }
}
