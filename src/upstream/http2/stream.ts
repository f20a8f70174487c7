// One request on one stream of a session: from node:http2's events to what its receiver is told.
import { type ClientHttp2Stream, constants } from 'node:http2'
import { Duplex } from 'node:stream'
import { GatewayError } from '../../errors.ts'
import type { BodyStream } from '../../exchange.ts'
import { type Carrier, CONTINUE_WAIT_MS } from '../transmission.ts'
import type { Work } from '../waiting-line.ts'
import { readHeaders, readTrailers } from './response-fields.ts'
import { sendBody } from './stream-body.ts'
import { streamFailure } from './stream-failure.ts'

/** Longer than a timer can be. */
const MAX_TIMER_MS = 2 ** 31 - 1

export interface StreamOwner {
  /** See `BrokenStream`. */
  readonly lastAccepted: number
  onStreamEnd(): void
  /** It did not come to a clean end. */
  onBroken(stream: ClientHttp2Stream): void
  /** The target was silent for too long: is it still there? */
  onSilence(): void
}

export class Stream implements Carrier {
  readonly #work: Work
  readonly #owner: StreamOwner
  #stream: ClientHttp2Stream | undefined
  #body: BodyStream | undefined
  #sendsBody = false
  #idle: NodeJS.Timeout | undefined
  #patience: NodeJS.Timeout | undefined
  #error: Error | undefined
  #settled = false
  #trailers: readonly string[] = []
  #paused = false
  #aborted = false

  constructor(work: Work, owner: StreamOwner) {
    this.#work = work
    this.#owner = owner
  }

  start(stream: ClientHttp2Stream): void {
    this.#stream = stream
    stream.push = pushNotingEnd
    stream.on('headers', (_headers, _flags, raw) => this.#onHead(raw as unknown as string[]))
    stream.on('response', (_headers, flags, raw) => {
      this.#onResponse(raw as unknown as string[])
      // A head that is all there is stays one: gRPC tells it from a head with an empty body behind it.
      if (flags & constants.NGHTTP2_FLAG_END_STREAM) this.#onEnd()
    })
    stream.on('trailers', (_headers, _flags, raw) => {
      this.#trailers = readTrailers(raw as unknown as string[])
    })
    stream.on('end', () => {
      if (endsWhole(stream)) this.#onEnd()
    })
    stream.on('error', (error) => {
      this.#error = error
    })
    stream.on('close', () => this.#onClose(stream))
    const { body, expectsContinue } = this.#work.request
    this.#body = body
    if (expectsContinue) this.#patience = setTimeout(() => this.#sendBody(), CONTINUE_WAIT_MS).unref()
    else this.#sendBody()
  }

  abort(reason: Error): void {
    if (this.#settled || this.#aborted) return
    this.#aborted = true
    if (reason instanceof GatewayError && reason.code === 'UPSTREAM_TIMEOUT') this.#owner.onSilence()
    this.#fail(reason)
  }

  pause(): void {
    this.#paused = true
    this.#stream?.pause()
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#idle?.refresh()
    this.#stream?.resume()
  }

  #sendBody(): void {
    const body = this.#body
    if (!body || this.#sendsBody || this.#settled) return
    this.#sendsBody = true
    sendBody(body, this.#stream!, (error) => this.#fail(error))
  }

  #onResponse(raw: readonly string[]): void {
    if (this.#settled) return
    // An answer instead of 100 Continue: the body is not wanted (RFC 9110 section 10.1.1).
    clearTimeout(this.#patience)
    this.#stream!.on('data', (chunk: Buffer) => {
      this.#idle?.refresh()
      if (!this.#settled) this.#work.receiver.onData(chunk)
    })
    this.#watchSilence()
    this.#onHead(raw)
  }

  /** Final or informational. */
  #onHead(raw: readonly string[]): void {
    if (this.#settled) return
    const { receiver } = this.#work
    const status = Number(raw[1])
    if (status === 100) {
      this.#sendBody()
      return
    }
    try {
      const head = { status, headers: readHeaders(raw) }
      if (status < 200) receiver.onInterim(head)
      else receiver.onHead(head)
    } catch (thrown) {
      this.#fail(thrown as Error)
    }
  }

  #watchSilence(): void {
    const ms = this.#work.request.idleTimeoutMs
    if (ms > MAX_TIMER_MS) return
    this.#idle = setTimeout(() => {
      // It is the client that takes nothing: the service may not send.
      if (this.#paused) this.#idle?.refresh()
      else this.abort(new GatewayError('UPSTREAM_TIMEOUT'))
    }, ms).unref()
  }

  #onEnd(): void {
    if (this.#settled) return
    // What is left of the request is of no use once the answer is whole.
    this.#settle(this.#stream!.writableEnded)
    this.#work.receiver.onWhole(this.#trailers)
  }

  #onClose(stream: ClientHttp2Stream): void {
    const { id, rstCode } = stream
    const { lastAccepted } = this.#owner
    this.#fail(streamFailure({ id, code: rstCode ?? 0, lastAccepted, error: this.#error }))
    this.#owner.onStreamEnd()
  }

  #fail(failure: Error): void {
    if (this.#settled) return
    this.#settle(false)
    this.#work.receiver.onFailure(failure)
  }

  #settle(clean: boolean): void {
    this.#settled = true
    clearTimeout(this.#idle)
    clearTimeout(this.#patience)
    const stream = this.#stream
    if (stream && !clean) {
      this.#owner.onBroken(stream)
      if (!stream.closed) stream.close(constants.NGHTTP2_CANCEL)
      // Its `close` alone may be late on a busy session, and until then it holds the whole request.
      stream.destroy()
    }
    if (this.#body && !this.#body.readableEnded) this.#body.destroy()
  }
}

const WHOLE = Symbol('the target has ended the stream')

interface Marked {
  [WHOLE]?: boolean
}

// node:http2 ends the readable side of a broken stream as well: without this a cut body would look whole.
function pushNotingEnd(this: ClientHttp2Stream & Marked, chunk: unknown, encoding?: BufferEncoding): boolean {
  if (chunk === null && !this.closed) this[WHOLE] = true
  return Duplex.prototype.push.call(this, chunk, encoding)
}

function endsWhole(stream: ClientHttp2Stream & Marked): boolean {
  return stream[WHOLE] === true
}
