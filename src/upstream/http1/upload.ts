// The body of one request onto its connection: at the connection's pace, framed exactly as the head has said.
import type { Socket } from 'node:net'
import { GatewayError } from '../../errors.ts'
import type { BodyStream } from '../../exchange.ts'

/** Parts up to this size are written as one string with what frames them; larger ones as they are. */
const ONE_WRITE_BYTES = 16 * 1024

export interface UploadFacts {
  readonly socket: Socket
  readonly body: BodyStream
  /** As declared; undefined: in chunks. */
  readonly length: number | undefined
  /** The body broke, or is not what was declared: the message will never be whole. */
  onFailure(error: Error): void
}

export class Upload {
  readonly #facts: UploadFacts
  /** The head of the request, while it waits for the first part. */
  #head = ''
  #sent = 0
  #opened = false
  /** The last byte of the message has been written. */
  done = false

  constructor(facts: UploadFacts) {
    this.#facts = facts
    const { body } = facts
    body.on('error', (error) => this.#fail(error))
    // It broke while the request waited for a connection, and will not say so again.
    if (body.errored) process.nextTick(() => this.#fail(body.errored!))
  }

  /** Writes the head with the first part of the body if that is here already, else soon. */
  start(head: string): void {
    this.#head = head
    this.open()
    setImmediate(flushHead, this)
  }

  /** Begins to read the body. */
  open(): void {
    if (this.#opened) return
    this.#opened = true
    const { body } = this.#facts
    body.on('data', (chunk: Buffer) => this.#onData(chunk))
    body.on('end', () => this.#onEnd())
  }

  /** Nothing more is written. */
  stop(): void {
    if (this.done) return
    this.done = true
    this.#facts.body.destroy()
  }

  resume(): void {
    if (this.#opened) this.#facts.body.resume()
  }

  flush(): void {
    const head = this.#head
    if (head === '' || this.#facts.socket.destroyed) return
    this.#head = ''
    this.#facts.socket.write(head, 'latin1')
  }

  #onData(chunk: Buffer): void {
    const { length, body } = this.#facts
    if (this.done || chunk.length === 0) return
    this.#sent += chunk.length
    if (length !== undefined && this.#sent > length) {
      this.#fail(wrongLength())
      return
    }
    const more = this.#write(chunk)
    // Read to its end also when nothing more may come: the client's connection waits for that.
    if (this.#sent === length) this.done = true
    else if (!more) body.pause()
  }

  #write(chunk: Buffer): boolean {
    const { socket, length } = this.#facts
    const before = length === undefined ? `${this.#head}${chunk.length.toString(16)}\r\n` : this.#head
    const after = length === undefined ? '\r\n' : ''
    this.#head = ''
    if (chunk.length <= ONE_WRITE_BYTES && before !== '') {
      return socket.write(`${before}${chunk.toString('latin1')}${after}`, 'latin1')
    }
    if (before === '') return socket.write(chunk)
    socket.cork()
    socket.write(before, 'latin1')
    const more = socket.write(chunk)
    if (after !== '') socket.write(after, 'latin1')
    socket.uncork()
    return more
  }

  #onEnd(): void {
    const { length, socket } = this.#facts
    if (this.done) return
    if (length !== undefined && this.#sent < length) {
      this.#fail(wrongLength())
      return
    }
    this.done = true
    const trailers = this.#facts.body.trailers?.() ?? []
    const last = length === undefined ? `0\r\n${linesOf(trailers)}\r\n` : ''
    socket.write(this.#head + last, 'latin1')
    this.#head = ''
  }

  #fail(error: Error): void {
    if (this.done) return
    this.done = true
    this.#facts.onFailure(error)
  }
}

function flushHead(upload: Upload): void {
  upload.flush()
}

function linesOf(pairs: readonly string[]): string {
  let lines = ''
  for (let at = 0; at < pairs.length; at += 2) lines += `${pairs[at]}: ${pairs[at + 1]}\r\n`
  return lines
}

function wrongLength(): GatewayError {
  return new GatewayError('INTERNAL_ERROR', { cause: new Error('a body is not as long as was declared') })
}
