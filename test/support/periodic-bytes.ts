// A body of any size that costs nothing to make and nothing to check: one block over and over, of a length that no
// buffer on the way has, so that a byte lost, doubled or moved shows at once.
import { randomBytes } from 'node:crypto'
import type { Writable } from 'node:stream'

const PERIOD = 1_000_003
const WRITE_BYTES = 256 * 1024

const block = randomBytes(PERIOD)
/** Twice, so that a part which crosses the end is one slice. */
const twice = Buffer.concat([block, block])

/** Writes so many bytes at the pace of the stream, and resolves when it has taken all of them. */
export async function writeBytes(stream: Writable, size: number): Promise<void> {
  for (let at = 0; at < size; ) {
    const length = Math.min(WRITE_BYTES, size - at)
    const from = at % PERIOD
    const room = stream.write(twice.subarray(from, from + length))
    at += length
    if (!room) await drained(stream)
  }
}

/** Counts bytes as long as they are the right ones. */
export class BytesCheck {
  count = 0
  /** Where the first wrong byte came, at the latest. */
  wrongBefore: number | undefined

  take(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; at += PERIOD) {
      const part = chunk.subarray(at, at + PERIOD)
      const from = this.count % PERIOD
      this.count += part.length
      if (!part.equals(twice.subarray(from, from + part.length))) this.wrongBefore ??= this.count
    }
  }
}

function drained(stream: Writable): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = () => {
      stream.off('drain', done).off('close', gone)
      resolve()
    }
    const gone = () => reject(new Error('the stream was closed'))
    stream.on('drain', done).on('close', gone)
  })
}
