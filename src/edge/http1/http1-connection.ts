// One connection of a client over HTTP/1: heads are read one at a time, and the next one when the answer before has left.
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type GatewayError, toGatewayError } from '../../errors.ts'
import type { Awaited, ConnectionOwner } from './connection-owner.ts'
import { HeadReader } from './head-reader.ts'
import { readHeadText } from './head-text.ts'
import { type Flow, Http1Request } from './http1-request.ts'
import { Http1Response, type Line } from './http1-response.ts'
import { Linger } from './linger.ts'
import { malformed } from './malformed.ts'

const NOTHING = Buffer.alloc(0)
/** Nobody has looked yet. */
const UNSEEN = -1

/** `head`: a request is awaited or comes. `message`: it is answered, and may still come. `over`: the last answer has left. */
type State = 'head' | 'message' | 'over'

export class Http1Connection implements Line, Flow {
  readonly #socket: Socket
  readonly #owner: ConnectionOwner
  readonly #isTls: boolean
  #state: State = 'head'
  readonly #heads: HeadReader
  /** What came behind a request that is being answered. */
  #behind: Buffer = NOTHING
  #request: Http1Request | undefined
  #response: Http1Response | undefined
  /** Since when what is waited for is waited for. */
  #since: number
  #linger: Linger | undefined
  #isFirst = true
  #isPaused = false
  #hasTimeout = false
  readonly #onData = (bytes: Buffer) => this.#take(bytes)
  readonly #onEnd = () => this.#endOfInput()
  readonly #onDrain = () => this.#response?.tellDrain()
  readonly #onTimeout = () => this.#response && this.#owner.onTimeout(this.#response)

  constructor(socket: Socket, owner: ConnectionOwner) {
    this.#socket = socket
    this.#owner = owner
    this.#isTls = 'encrypted' in socket
    this.#since = owner.now()
    this.#heads = new HeadReader(owner.limits.headerBytes, (text) => this.#begin(text))
    // Some are no end by themselves, such as a TLS handshake begun anew.
    socket.on('error', () => socket.destroy()).on('close', () => this.#closed())
    socket.on('end', this.#onEnd).on('drain', this.#onDrain).on('data', this.#onData)
  }

  /** Undefined while it is not the client that is waited for. */
  get awaits(): Awaited | undefined {
    if (this.#state === 'over') return 'close'
    if (this.#state === 'message') return this.#request!.complete ? undefined : 'body'
    if (this.#isFirst) return 'first'
    return this.#heads.hasPart ? 'head' : 'next'
  }

  /** Milliseconds that the client was waited for, as far as they are known: between two answers nobody reads the clock. */
  waited(now: number): number {
    if (this.#since === UNSEEN) this.#since = now
    return now - this.#since
  }

  /** Its last answer has left: true when its client has had its time for that. */
  hasLingered(now: number): boolean {
    this.#linger ??= new Linger(this.#socket, this.#owner.limits.bodyRate, now)
    return this.#linger.isOver(now)
  }

  get pending(): number {
    return this.#socket.writableLength
  }

  get keepAliveFields(): string {
    return this.#owner.keepAliveFields
  }

  write(text: string): boolean {
    return this.#socket.write(text, 'latin1')
  }

  /** False: the client has not taken all of it, and `tellDrain` follows when it has. */
  writeAll(parts: readonly (string | Buffer)[]): boolean {
    const socket = this.#socket
    socket.cork()
    for (const part of parts) {
      if (typeof part !== 'string') socket.write(part)
      else if (part !== '') socket.write(part, 'latin1')
    }
    socket.uncork()
    // Asked when all is out: as long as it is corked, a large part is always too much.
    if (socket.writableLength === 0) return true
    // TLS hands on later whatever it is given: that little waits says nothing of the client.
    if (socket.writableNeedDrain || this.#isTls) return !socket.writableNeedDrain
    socket.write(NOTHING, this.#onDrain)
    return false
  }

  setTimeout(ms: number): void {
    if (!this.#hasTimeout) this.#socket.on('timeout', this.#onTimeout)
    this.#hasTimeout = true
    this.#socket.setTimeout(ms)
  }

  pause(): void {
    this.#isPaused = true
    this.#socket.pause()
  }

  resume(): void {
    if (!this.#isPaused || this.#state === 'over') return
    this.#isPaused = false
    this.#socket.resume()
  }

  onEnded(response: Http1Response): void {
    if (this.pending === 0) this.#owner.onEnded(this)
    // An empty write is told of when everything before it has been taken.
    else this.#socket.write(NOTHING, () => response === this.#response && this.#owner.onEnded(this))
  }

  /** All of the response has been taken: on to the next request, or to the end. */
  goOn(): void {
    const [request, response] = [this.#request, this.#response]
    if (response === undefined || this.#socket.destroyed) return
    this.#response = undefined
    response.writableFinished = true
    if (this.#hasTimeout) this.#socket.setTimeout(0)
    response.close()
    this.#since = UNSEEN
    if (response.isLast || !request?.complete) return void this.#finish()
    this.#request = undefined
    this.#state = 'head'
    const behind = this.#behind
    this.#behind = NOTHING
    if (behind.length > 0) this.#take(behind)
    if (!this.#holdsEnough) this.resume()
  }

  leave(): Duplex {
    const socket = this.#socket
    this.#state = 'over'
    socket.off('data', this.#onData).off('end', this.#onEnd).off('drain', this.#onDrain)
    socket.pause()
    if (this.#behind.length > 0) socket.unshift(this.#behind)
    this.#owner.onGone(this)
    return socket
  }

  destroy(): void {
    this.#socket.destroy()
  }

  reset(): void {
    // TLS has no reset: its missing close_notify says it. One that is ending cannot be reset any more.
    if (this.#isTls || this.#socket.writableEnded) this.#socket.destroy()
    else this.#socket.resetAndDestroy()
  }

  /** What comes is no request, or does not come: whoever is served on this connection is told, and it ends. */
  refuse(error: GatewayError): void {
    if (this.#state === 'over') return
    const response = this.#response
    this.#state = 'over'
    this.#response = undefined
    this.#request?.fail()
    // A refusal inside another answer would pass for a part of its body.
    if (response?.headersSent) response.destroy()
    response?.close(error)
    this.#discard()
    if (!response?.headersSent) this.#owner.onFault(this.#socket, error, response?.requestId)
  }

  #take(bytes: Buffer): void {
    const idleSince = this.#since
    if (this.awaits === 'next') this.#since = UNSEEN
    try {
      let at = 0
      while (at < bytes.length && this.#state !== 'over') {
        if (this.#state === 'head') at = this.#heads.take(bytes, at)
        else if (this.#request!.complete || !this.#request!.isFramed) at = this.#hold(bytes, at)
        else at = this.#request!.take(bytes, at)
      }
      // An empty line begins nothing.
      if (this.awaits === 'next') this.#since = idleSince
      else if (this.#since === UNSEEN && this.#heads.hasPart) this.#since = this.#owner.now()
    } catch (thrown) {
      this.refuse(toGatewayError(thrown))
    }
  }

  #begin(text: string): void {
    const { limits } = this.#owner
    const request = new Http1Request(readHeadText(text), this.#socket, { limits, flow: this })
    const { method, httpVersion, keepsAlive } = request
    if (!request.complete && (this.#isFirst || this.#since === UNSEEN)) this.#since = this.#owner.now()
    const response = new Http1Response(this, { httpVersion, toHead: method === 'HEAD', keepsAlive })
    this.#state = 'message'
    this.#request = request
    this.#response = response
    if (this.#isFirst) this.#owner.onFirst(this, request, response)
    else this.#owner.onRequest(request, response)
    this.#isFirst = false
  }

  /** What follows a request waits for its answer, a head of it; the rest stays with the client. */
  #hold(bytes: Buffer, at: number): number {
    // Nobody knows where the request ends: nothing behind it will be read.
    if (!this.#request!.isFramed || this.#response === undefined) return bytes.length
    this.#behind =
      this.#behind.length === 0 ? bytes.subarray(at) : Buffer.concat([this.#behind, bytes.subarray(at)])
    if (this.#holdsEnough) this.pause()
    return bytes.length
  }

  get #holdsEnough(): boolean {
    return this.#behind.length >= this.#owner.limits.headerBytes
  }

  /** As the last answer has said. What still comes is read until the client has gone, as unread bytes would make a reset. */
  #finish(): void {
    this.#state = 'over'
    this.#request?.fail()
    this.#discard()
    this.#socket.end()
  }

  #discard(): void {
    this.#behind = NOTHING
    this.#isPaused = false
    this.#socket.resume()
  }

  #endOfInput(): void {
    if (this.#state === 'head' && this.#heads.hasPart) this.refuse(malformed('half a head'))
    else if (this.#state === 'head' || this.#state === 'over') this.#socket.end()
    // Who ends its side before its answer has left does not wait for it.
    else this.#socket.destroySoon()
  }

  #closed(): void {
    this.#state = 'over'
    this.#request?.fail()
    this.#response?.close()
    this.#response = undefined
    this.#owner.onGone(this)
  }
}
