// One request on one connection: undici's callbacks on one side, the promised head and the body on the other.
import type { Duplex } from 'node:stream'
import type { Dispatcher } from 'undici'
import { GatewayError } from '../errors.ts'
import type { BodySink, Clock, ResponseBody, Timer, UpstreamRequest, UpstreamResponse } from '../plugin.ts'
import { toFailure } from './failure.ts'
import { readResponseHeaders, readTrailers } from './response-head.ts'
import { readSwitchHead, switchedResponse } from './switched-response.ts'

/** Bytes kept while nobody reads yet; the connection is paused beyond. */
const UNREAD_LIMIT = 64 * 1024

/** Informational responses passed on for one request; a target that sends more is not worth the memory. */
const MAX_INTERIM = 16

/** Told once each: at the head or a failure before it, and at the end of everything. */
export interface TransferObserver {
  onHead(status: number, headers: UpstreamResponse['headers']): void
  onFailure(failure: GatewayError): void
  onEnd(): void
}

type EndListener = (failure: GatewayError | undefined) => void

export class Transfer implements Dispatcher.DispatchHandler, ResponseBody {
  readonly #request: UpstreamRequest
  readonly #clock: Clock
  readonly #observer: TransferObserver
  readonly #resolve: (response: UpstreamResponse) => void
  readonly #reject: (failure: GatewayError) => void
  readonly #onCancel = (reason: GatewayError) => this.abort(reason)
  #controller: Dispatcher.DispatchController | undefined
  #timer: Timer | undefined
  #unread: Buffer[] = []
  #unreadBytes = 0
  #sink: BodySink | undefined
  #trailers: readonly string[] = []
  #headDelivered = false
  #interim = 0
  #eventStream = false
  #ended = false
  #failure: GatewayError | undefined
  #listeners: EndListener[] = []

  constructor(
    request: UpstreamRequest,
    environment: { readonly clock: Clock; readonly observer: TransferObserver },
    settle: { resolve(response: UpstreamResponse): void; reject(failure: GatewayError): void },
  ) {
    this.#request = request
    this.#clock = environment.clock
    this.#observer = environment.observer
    this.#resolve = settle.resolve
    this.#reject = settle.reject
    request.exchange.onCancel(this.#onCancel)
    this.#arm(Math.min(request.attemptTimeoutMs, request.exchange.deadlineAt - this.#clock.now()))
  }

  /** Gives up: nothing more is sent or read, and the connection is closed. */
  abort(reason: unknown): void {
    if (this.#ended) return
    const started = this.#controller !== undefined
    this.#finish(toFailure(reason, started))
    // While the request still waits for a connection there is no controller; onRequestStart refuses it then.
    this.#controller?.abort(reason instanceof Error ? reason : new GatewayError('INTERNAL_ERROR'))
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#ended) controller.abort(this.#failure ?? new GatewayError('CLIENT_CLOSED'))
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number): void {
    // undici says 101 here when the head names no protocol: nothing would follow.
    if (status === 101) throw new GatewayError('UPSTREAM_INVALID_RESPONSE')
    const headers = readResponseHeaders(controller.rawHeaders as Buffer[])
    if (status < 200) {
      if (this.#interim++ < MAX_INTERIM) this.#request.exchange.inform({ status, headers })
      return
    }
    this.#eventStream = headers.get('content-type')?.startsWith('text/event-stream') ?? false
    this.#deliver({ status, headers, body: this })
  }

  /** What it throws closes the connection and comes back as the failure. */
  onRequestUpgrade(
    controller: Dispatcher.DispatchController,
    _status: number,
    _headers: object,
    socket: Duplex,
  ): void {
    const headers = readSwitchHead(controller.rawHeaders as Buffer[], this.#request.headers)
    this.#deliver(switchedResponse(headers, socket))
    this.#finish(undefined)
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#sink) {
      if (!this.#sink.write(chunk)) controller.pause()
      return
    }
    this.#unread.push(chunk)
    this.#unreadBytes += chunk.length
    if (this.#unreadBytes > UNREAD_LIMIT) controller.pause()
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    const trailers = controller.rawTrailers as Buffer[] | null | undefined
    if (trailers && trailers.length > 0) this.#trailers = readTrailers(trailers)
    this.#finish(undefined)
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#finish(toFailure(error, this.#controller !== undefined))
  }

  /** Nobody waits for it any more. */
  get ended(): boolean {
    return this.#ended
  }

  get complete(): readonly Buffer[] | undefined {
    const whole = this.#ended && this.#failure === undefined && this.#trailers.length === 0
    return whole && this.#sink === undefined ? this.#unread : undefined
  }

  stream(sink: BodySink): void {
    this.#sink = sink
    let room = true
    for (const chunk of this.#unread) room = sink.write(chunk) && room
    this.#unread = []
    if (this.#ended) {
      if (this.#failure) sink.fail(this.#failure)
      else sink.end(this.#trailers)
      return
    }
    if (!this.#eventStream) this.#arm(this.#request.exchange.deadlineAt - this.#clock.now())
    if (room) this.resume()
    else this.#controller?.pause()
  }

  resume(): void {
    if (!this.#ended) this.#controller?.resume()
  }

  discard(): void {
    this.#unread = []
    this.abort(new GatewayError('CLIENT_CLOSED'))
  }

  onEnd(listener: EndListener): void {
    if (this.#ended) listener(this.#failure)
    else this.#listeners.push(listener)
  }

  #deliver(response: UpstreamResponse): void {
    this.#timer?.cancel()
    this.#headDelivered = true
    this.#observer.onHead(response.status, response.headers)
    this.#resolve(response)
  }

  #arm(ms: number): void {
    if (ms === Number.POSITIVE_INFINITY) return
    this.#timer = this.#clock.after(Math.max(0, ms), () => {
      // A client that sends too slowly is not the service's failure: nobody else must pay for it.
      const code = this.#request.body.awaitsClient ? 'REQUEST_TIMEOUT' : 'UPSTREAM_TIMEOUT'
      this.abort(new GatewayError(code, { unprocessed: this.#controller === undefined }))
    })
  }

  #finish(failure: GatewayError | undefined): void {
    if (this.#ended) return
    this.#ended = true
    this.#failure = failure
    this.#timer?.cancel()
    this.#request.exchange.offCancel(this.#onCancel)
    if (!this.#headDelivered) {
      const reason = failure ?? new GatewayError('UPSTREAM_INVALID_RESPONSE')
      this.#observer.onFailure(reason)
      this.#reject(reason)
    }
    this.#observer.onEnd()
    if (failure) this.#sink?.fail(failure)
    else this.#sink?.end(this.#trailers)
    for (const listener of this.#listeners) listener(failure)
  }
}
