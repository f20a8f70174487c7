// What has come on a stream and nobody has read yet, at the cost of its bytes.
import type { ServerHttp2Stream } from 'node:http2'
import { Duplex } from 'node:stream'
import { own } from '../own-bytes.ts'

/** What small chunks are gathered in. */
const BLOCK_BYTES = 4096

/**
 * Node queues every frame by itself, as a view of all that was read from the socket with it. Bytes that came in frames of
 * their own took 120 times their size, and 65,000 times where each came with 64 KiB of something else (measured). And Node
 * reads ahead, 64 KiB beside the window. The stream must be read by `data`.
 */
export function keepSmall(stream: ServerHttp2Stream): void {
  const unread = new UnreadBytes(stream)
  stream.push = (chunk: Buffer | null) => unread.push(chunk)
  stream.read = (size) => unread.read(size)
}

class UnreadBytes {
  readonly #stream: ServerHttp2Stream
  #block: Buffer | undefined
  #used = 0
  #ended = false

  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream
  }

  /** False while nobody reads: the stream's window is then not given back. */
  push(chunk: Buffer | null): boolean {
    this.#ended ||= chunk === null
    if (chunk === null || this.#isRead()) return this.#queue(chunk)
    if (chunk.length > BLOCK_BYTES) this.#queue(own(chunk))
    else this.#gather(chunk)
    return false
  }

  read(size?: number): unknown {
    const readsAhead = size === 0 && !this.#ended && this.#stream.readableFlowing !== true
    if (readsAhead) return null
    this.#queueBlock()
    return Duplex.prototype.read.call(this.#stream, size)
  }

  #isRead(): boolean {
    const { readableFlowing, readableLength } = this.#stream
    return readableFlowing === true && readableLength === 0 && this.#used === 0
  }

  #gather(chunk: Buffer): void {
    if (this.#used + chunk.length > BLOCK_BYTES) this.#queueBlock()
    this.#block ??= Buffer.allocUnsafeSlow(BLOCK_BYTES)
    this.#used += chunk.copy(this.#block, this.#used)
  }

  #queue(chunk: Buffer | null): boolean {
    this.#queueBlock()
    return Duplex.prototype.push.call(this.#stream, chunk)
  }

  #queueBlock(): void {
    const block = this.#block?.subarray(0, this.#used)
    this.#block = undefined
    this.#used = 0
    if (block) Duplex.prototype.push.call(this.#stream, block)
  }
}
