// Follows HTTP/1.1 responses on one connection: finds their ends and says what came. Content-Length framing only.

const MAX_HEAD = 64 * 1024
const STATUS_LINE = /^HTTP\/1\.1 (\d{3})/
const CONTENT_LENGTH = /\r\ncontent-length:[ \t]*(\d+)/i

/** One complete response. */
export type OnResponse = (status: number, bodyBytes: number) => void

/** Throws for bytes that are no such response: a generator that guesses would count wrong answers as right. */
export class ResponseReader {
  readonly #onResponse: OnResponse
  /** The part of a head that came without its end. */
  #partial = ''
  #status = 0
  #bodyBytes = 0
  #bodyLeft = 0

  constructor(onResponse: OnResponse) {
    this.#onResponse = onResponse
  }

  /** The first `length` bytes of the buffer; it may be reused afterwards. */
  push(buffer: Buffer, length: number): void {
    let at = 0
    while (at < length) {
      if (this.#bodyLeft === 0) at = this.#readHead(buffer, at, length)
      const taken = Math.min(this.#bodyLeft, length - at)
      if (taken === 0) continue
      at += taken
      this.#bodyLeft -= taken
      if (this.#bodyLeft === 0) this.#onResponse(this.#status, this.#bodyBytes)
    }
  }

  #readHead(buffer: Buffer, at: number, length: number): number {
    const text = this.#partial + buffer.toString('latin1', at, Math.min(length, at + MAX_HEAD))
    const end = text.indexOf('\r\n\r\n')
    if (end < 0) {
      if (text.length >= MAX_HEAD) throw new Error(`no end of a response head within ${MAX_HEAD} bytes`)
      this.#partial = text
      return length
    }
    const next = at + end + 4 - this.#partial.length
    this.#partial = ''
    this.#begin(text.slice(0, end))
    return next
  }

  #begin(head: string): void {
    const status = STATUS_LINE.exec(head)?.[1]
    const bytes = CONTENT_LENGTH.exec(head)?.[1]
    if (status === undefined)
      throw new Error(`not an HTTP/1.1 response: ${JSON.stringify(head.slice(0, 60))}`)
    if (bytes === undefined) throw new Error(`a response without Content-Length: ${JSON.stringify(head)}`)
    this.#status = Number(status)
    this.#bodyBytes = Number(bytes)
    this.#bodyLeft = this.#bodyBytes
    if (this.#bodyLeft === 0) this.#onResponse(this.#status, 0)
  }
}
