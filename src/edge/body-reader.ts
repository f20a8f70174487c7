// The client's body as one attempt reads it.
import { Readable } from 'node:stream'
import type { BodyStream } from '../plugin.ts'

interface Reading {
  onWanted(): void
  onGone(): void
  readonly trailers: BodyStream['trailers']
}

/** A view of the body for one attempt; destroying it leaves the client's socket alone. */
export class BodyReader extends Readable implements BodyStream {
  readonly trailers: BodyStream['trailers']
  readonly #reading: Reading

  constructor(reading: Reading) {
    // What is read ahead is not bounded by the window of its stream: nothing is.
    super({ highWaterMark: 1 })
    this.#reading = reading
    this.trailers = reading.trailers
    // Between two attempts nobody listens: a client that goes away then must not end the process.
    this.on('error', ignore)
  }

  override _read(): void {
    this.#reading.onWanted()
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#reading.onGone()
    callback(error)
  }
}

function ignore(): void {}
