// The response on a connection of HTTP/1, written as the edge writes responses: head and small body in one write.
import { STATUS_CODES } from 'node:http'
import type { Duplex } from 'node:stream'
import type { GatewayError } from '../../errors.ts'
import type { HeaderList } from '../../headers.ts'
import type { ClientResponse } from '../client-request.ts'
import { readAnswerHead, writeFields } from './answer-head.ts'

const CRLF = '\r\n'

/** The connection, as far as the one response that is being written on it needs it. */
export interface Line {
  /** False when bytes should not be written any more for now: `onDrain` tells. */
  write(text: string): boolean
  writeAll(parts: readonly (string | Buffer)[]): boolean
  /** All of the response has been written; it is told when all of it has been taken. */
  onEnded(response: Http1Response): void
  /** Bytes that the system has not taken yet. */
  readonly pending: number
  /** What a kept connection says of itself, with its CRLF. */
  readonly keepAliveFields: string
  setTimeout(ms: number): void
  /** Gives the connection away, for another protocol. */
  leave(): Duplex
  destroy(): void
  /** The same where a mere end would pass for the end of a body. */
  reset(): void
}

export interface ResponseFacts {
  readonly httpVersion: '1.0' | '1.1'
  readonly toHead: boolean
  /** The client lets the connection carry another request. */
  readonly keepsAlive: boolean
}

export class Http1Response implements ClientResponse {
  readonly req: { readonly httpVersion: '1.0' | '1.1' }
  destroyed = false
  headersSent = false
  writableEnded = false
  /** All of it has been taken by the system. */
  writableFinished = false
  /** The connection ends behind it. */
  isLast: boolean
  requestId?: string
  fault: GatewayError | undefined
  readonly #line: Line
  readonly #toHead: boolean
  #head = ''
  #hasBody = true
  #isChunked = false
  /** Only the end of the connection says where the body ends. */
  #isOpenEnded = false
  /** Bytes that the head has promised and that have not been written. */
  #left = Number.POSITIVE_INFINITY
  #trailers = ''
  readonly #onClose: (() => void)[] = []
  readonly #onDrain: (() => void)[] = []

  constructor(line: Line, { httpVersion, toHead, keepsAlive }: ResponseFacts) {
    this.#line = line
    this.req = { httpVersion }
    this.#toHead = toHead
    this.isLast = !keepsAlive
  }

  get writableLength(): number {
    return this.#line.pending + this.#head.length
  }

  on(event: 'close' | 'drain', listener: () => void): this {
    if (event === 'close') this.#onClose.push(listener)
    else this.#onDrain.push(listener)
    return this
  }

  setTimeout(ms: number): void {
    if (!this.destroyed) this.#line.setTimeout(ms)
  }

  writeContinue(): void {
    this.#line.write('HTTP/1.1 100 Continue\r\n\r\n')
  }

  /** Throws a TypeError when a name or value cannot be sent; nothing has been sent then. */
  writeInformation(status: number, pairs: readonly string[]): void {
    this.#line.write(`${statusLine(status, STATUS_CODES[status])}${writeFields(pairs)}${CRLF}`)
  }

  /** Kept for the first bytes of the body. Throws a TypeError when a name or value cannot be sent; nothing is kept then. */
  writeHead(status: number, reason: string | undefined, pairs: readonly string[]): void {
    if (this.headersSent) throw new Error('the head of this answer has been sent')
    const head = readAnswerHead(pairs)
    const isOld = this.req.httpVersion === '1.0'
    const hasBody = !this.#toHead && status !== 204 && status !== 304
    const isSized = head.length !== undefined
    // A client of HTTP/1.0 reads until the connection ends.
    this.#isOpenEnded = isOld && hasBody && !isSized
    if (head.closes || this.#isOpenEnded) this.isLast = true
    this.#hasBody = hasBody
    this.#left = hasBody && isSized ? head.length : Number.POSITIVE_INFINITY
    this.#isChunked = hasBody && !isSized && !isOld
    const connection = this.isLast ? 'Connection: close\r\n' : this.#line.keepAliveFields
    const date = head.isDated ? '' : `Date: ${new Date().toUTCString()}\r\n`
    const coding = this.#isChunked ? 'Transfer-Encoding: chunked\r\n' : ''
    this.#head = `${statusLine(status, reason)}${head.fields}${connection}${date}${coding}${CRLF}`
  }

  flushHeaders(): void {
    if (!this.headersSent && !this.destroyed) this.#line.write(this.#takeHead())
  }

  write(chunk: Buffer): boolean {
    if (this.destroyed || this.writableEnded) return false
    if (!this.#hasBody || chunk.length === 0) return true
    this.#left -= chunk.length
    // What is too much would be the beginning of the next answer.
    if (!(this.#left >= 0)) {
      this.destroy()
      return false
    }
    const head = this.#takeHead()
    if (!this.#isChunked) return this.#line.writeAll([head, chunk])
    return this.#line.writeAll([`${head}${chunk.length.toString(16)}\r\n`, chunk, CRLF])
  }

  /** Behind a body in chunks; no other has room for them. Throws a TypeError as `writeHead` does. */
  addTrailers(trailers: readonly [string, string][]): void {
    this.#trailers = writeFields(trailers.flat())
  }

  /** A body in latin1 leaves in one write with the head. Throws a TypeError where the head promises another, and is kept. */
  end(body: string | Buffer = '', _encoding?: 'latin1'): void {
    if (this.writableEnded || this.destroyed) return
    const content = this.#hasBody ? body : ''
    if (this.#left !== content.length && this.#left !== Number.POSITIVE_INFINITY) {
      this.#breakPromise()
      return
    }
    this.writableEnded = true
    if (this.#isChunked) this.#endChunks(content)
    else if (typeof content === 'string') this.#line.write(this.#takeHead() + content)
    else this.#line.writeAll([this.#takeHead(), content])
    this.#line.onEnded(this)
  }

  /** RFC 9110 section 15.2.2: what comes behind it is of the other protocol. */
  switchProtocols(headers: HeaderList): Duplex {
    const fields = writeFields([...headers.pairs, 'Connection', 'Upgrade', 'Upgrade', 'websocket'])
    this.headersSent = true
    this.writableEnded = true
    this.writableFinished = true
    this.#line.write(`${statusLine(101, STATUS_CODES[101])}${fields}${CRLF}`)
    return this.#line.leave()
  }

  /** Cut, never a clean end. */
  destroy(): void {
    // Its connection may carry another one by now.
    if (this.destroyed) return
    if (this.#isOpenEnded && this.headersSent) this.#line.reset()
    else this.#line.destroy()
  }

  tellDrain(): void {
    for (const listener of this.#onDrain) listener()
  }

  /** It is over, whether all of it was taken or not. With a fault: the client is told of that, if it has no head yet. */
  close(fault?: GatewayError): void {
    if (this.destroyed) return
    this.destroyed = true
    if (!this.headersSent) this.fault = fault
    for (const listener of this.#onClose) listener()
  }

  #breakPromise(): void {
    if (!this.headersSent)
      throw new TypeError('cannot be written: a body of another length than its head says')
    this.destroy()
  }

  #endChunks(content: string | Buffer): void {
    const last = `0\r\n${this.#trailers}${CRLF}`
    const head = this.#takeHead()
    if (content.length === 0) this.#line.write(head + last)
    else {
      const bytes = typeof content === 'string' ? Buffer.from(content, 'latin1') : content
      this.#line.writeAll([`${head}${bytes.length.toString(16)}\r\n`, bytes, `${CRLF}${last}`])
    }
  }

  #takeHead(): string {
    const head = this.#head
    this.#head = ''
    this.headersSent = true
    return head
  }
}

function statusLine(status: number, reason = ''): string {
  return `HTTP/1.1 ${status} ${reason}${CRLF}`
}
