// One request on one stream of a session: node:http2's events on one side, undici's callbacks on the other.
import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2'
import { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import { GatewayError } from '../../errors.ts'
import type { BodyStream } from '../../exchange.ts'
import { sendBody } from './stream-body.ts'
import { streamFailure } from './stream-failure.ts'

/** A request that waits for a stream, or has one. */
export interface Work {
  readonly options: Dispatcher.DispatchOptions
  readonly handler: Dispatcher.DispatchHandler & { readonly ended?: boolean }
}

/** It will not be done: nobody reads the client's body for it any more. */
export function dropBody({ options }: Work): void {
  const body = options.body as BodyStream | null | undefined
  body?.destroy()
}

export interface StreamOwner {
  /** See `BrokenStream`. */
  readonly lastAccepted: number
  onStreamEnd(): void
  /** It did not come to a clean end. */
  onBroken(stream: ClientHttp2Stream): void
  /** The target was silent for too long: is it still there? */
  onSilence(): void
}

export class Stream implements Dispatcher.DispatchController {
  readonly #work: Work
  readonly #owner: StreamOwner
  #stream: ClientHttp2Stream | undefined
  #body: BodyStream | undefined
  #idle: NodeJS.Timeout | undefined
  #error: Error | undefined
  #settled = false
  rawHeaders: Buffer[] | null = null
  rawTrailers: Buffer[] | null = null
  paused = false
  reason: Error | null = null

  constructor(work: Work, owner: StreamOwner) {
    this.#work = work
    this.#owner = owner
  }

  get aborted(): boolean {
    return this.reason !== null
  }

  start(stream: ClientHttp2Stream): void {
    this.#stream = stream
    stream.push = pushNotingEnd
    stream.on('headers', (headers, _flags, raw) => this.#onHead(headers, raw as unknown as string[]))
    stream.on('response', (headers, flags, raw) => {
      this.#onResponse(headers, raw as unknown as string[])
      // A head that is all there is stays one: gRPC tells it from a head with an empty body behind it.
      if (flags & constants.NGHTTP2_FLAG_END_STREAM) this.#onEnd()
    })
    stream.on('trailers', (_headers, _flags, raw) => {
      this.rawTrailers = raw as unknown as Buffer[]
    })
    stream.on('end', () => {
      if (endsWhole(stream)) this.#onEnd()
    })
    stream.on('error', (error) => {
      this.#error = error
    })
    stream.on('close', () => this.#onClose(stream))
    const body = this.#work.options.body as BodyStream | null
    if (!body) return
    this.#body = body
    sendBody(body, stream, (error) => this.#fail(error))
  }

  abort(reason: Error): void {
    if (this.#settled || this.reason) return
    this.reason = reason
    if (reason instanceof GatewayError && reason.code === 'UPSTREAM_TIMEOUT') this.#owner.onSilence()
    this.#fail(reason)
  }

  pause(): void {
    this.paused = true
    this.#stream?.pause()
  }

  resume(): void {
    if (!this.paused) return
    this.paused = false
    this.#idle?.refresh()
    this.#stream?.resume()
  }

  #onResponse(headers: IncomingHttpHeaders, raw: readonly string[]): void {
    if (this.#settled) return
    this.#stream!.on('data', (chunk: Buffer) => {
      this.#idle?.refresh()
      if (!this.#settled) this.#work.handler.onResponseData?.(this, chunk)
    })
    this.#watchSilence()
    this.#onHead(headers, raw)
  }

  /** Final or informational. */
  #onHead(headers: IncomingHttpHeaders, raw: readonly string[]): void {
    if (this.#settled) return
    // Without `:status`. Strings where undici gives buffers: both become text by `toString`.
    this.rawHeaders = raw.slice(2) as unknown as Buffer[]
    try {
      this.#work.handler.onResponseStart?.(this, Number(raw[1]), headers, '')
    } catch (thrown) {
      this.#fail(thrown as Error)
    }
  }

  #watchSilence(): void {
    const ms = this.#work.options.bodyTimeout
    if (!ms) return
    this.#idle = setTimeout(() => {
      // It is the client that takes nothing: the service may not send.
      if (this.paused) this.#idle?.refresh()
      else this.abort(new GatewayError('UPSTREAM_TIMEOUT'))
    }, ms).unref()
  }

  #onEnd(): void {
    if (this.#settled) return
    // What is left of the request is of no use once the answer is whole.
    this.#settle(this.#stream!.writableEnded)
    this.#work.handler.onResponseEnd?.(this, {})
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
    this.#work.handler.onResponseError?.(this, failure)
  }

  #settle(clean: boolean): void {
    this.#settled = true
    clearTimeout(this.#idle)
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
