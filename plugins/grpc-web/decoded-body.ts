// The body of a request of gRPC-Web that came as text, for a service that takes bytes.
import { pipeline, Transform, type TransformCallback } from 'node:stream'
import { GatewayError, type RequestBody } from '../../src/plugin.ts'

export class DecodedBody implements RequestBody {
  readonly length = undefined
  readonly #text: RequestBody

  constructor(text: RequestBody) {
    this.#text = text
  }

  get present(): boolean {
    return this.#text.present
  }

  get replayable(): boolean {
    return this.#text.replayable
  }

  get awaitsClient(): boolean {
    return this.#text.awaitsClient
  }

  get awaitsContinue(): boolean {
    return this.#text.awaitsContinue
  }

  retain(bytes: number): void {
    this.#text.retain(bytes)
  }

  limit(bytes: number): void {
    this.#text.limit(bytes)
  }

  open(): Transform {
    // Whichever side breaks takes the other with it; each has its own listener for why.
    return pipeline(this.#text.open(), new Base64Decoder(), () => {}) as Transform
  }
}

const ALPHABET = /^[A-Za-z0-9+/]*={0,2}$/

/** Base64 in any chunks. Padding may stand in the middle: what is sent at once is padded for itself. */
class Base64Decoder extends Transform {
  #rest = ''

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    const text = this.#rest + chunk.toString('latin1')
    const whole = text.length - (text.length % 4)
    this.#rest = text.slice(whole)
    const bytes = decode(text.slice(0, whole))
    if (bytes) done(null, bytes)
    else done(noBase64())
  }

  override _flush(done: TransformCallback): void {
    done(this.#rest === '' ? null : noBase64())
  }
}

function decode(text: string): Buffer | undefined {
  const parts = text.match(/[^=]*={0,2}/g) ?? []
  const bytes: Buffer[] = []
  for (const part of parts) {
    if (!ALPHABET.test(part) || part.length % 4 !== 0) return undefined
    bytes.push(Buffer.from(part, 'base64'))
  }
  return Buffer.concat(bytes)
}

function noBase64(): GatewayError {
  return new GatewayError('BAD_REQUEST', { detail: 'The body is not base64.' })
}
