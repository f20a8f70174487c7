// One request under way: what its connection tells on one side, the promised head and the body on the other.
import type { Duplex } from 'node:stream'
import { GatewayError } from '../errors.ts'
import type { BodySink, Clock, ResponseBody, Timer, UpstreamRequest, UpstreamResponse } from '../plugin.ts'
import type { Turn } from '../turn.ts'
import { toFailure } from './failure.ts'
import { assertSwitched, switchedResponse } from './switched-response.ts'
import type { Carrier, FinalHead, Receiver, SwitchHead } from './transmission.ts'

/** Bytes kept while nobody reads yet; the connection is paused beyond. Less than one full read: a second waits as long. */
const UNREAD_LIMIT = 32 * 1024

/** Informational responses passed on for one request; a target that sends more is not worth the memory. */
const MAX_INTERIM = 16

/** Told once each: at the head or a failure before it, and at the end of everything. */
export interface TransferObserver {
  onHead(status: number, headers: UpstreamResponse['headers']): void
  onFailure(failure: GatewayError): void
  onEnd(): void
}

export interface TransferEnvironment {
  readonly clock: Clock
  readonly observer: TransferObserver
  readonly turn: Turn
}

/** One attempt as it was asked for. */
export interface Sending {
  readonly request: UpstreamRequest
  readonly startedAt: number
  resolve(response: UpstreamResponse): void
  reject(failure: GatewayError): void
}

type EndListener = (failure: GatewayError | undefined) => void

export class Transfer implements Receiver, ResponseBody {
  readonly #request: UpstreamRequest
  readonly #clock: Clock
  readonly #observer: TransferObserver
  readonly #turn: Turn
  readonly #resolve: (response: UpstreamResponse) => void
  readonly #reject: (failure: GatewayError) => void
  readonly #onCancel = (reason: GatewayError) => this.abort(reason)
  #carrier: Carrier | undefined
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

  constructor(environment: TransferEnvironment, { request, startedAt, resolve, reject }: Sending) {
    this.#request = request
    this.#clock = environment.clock
    this.#observer = environment.observer
    this.#turn = environment.turn
    this.#resolve = resolve
    this.#reject = reject
    request.exchange.onCancel(this.#onCancel)
    this.#arm(Math.min(request.attemptTimeoutMs, request.exchange.deadlineAt - startedAt))
  }

  /** Gives up: nothing more is sent or read, and the connection is closed. */
  abort(reason: unknown): void {
    if (this.#ended) return
    this.#finish(toFailure(reason, this.#carrier !== undefined))
    this.#carrier?.abort(reason instanceof Error ? reason : new GatewayError('INTERNAL_ERROR'))
  }

  onStart(carrier: Carrier): void {
    this.#carrier = carrier
  }

  onInterim(head: FinalHead): void {
    if (this.#interim++ < MAX_INTERIM) this.#request.exchange.inform(head)
  }

  onHead({ status, headers }: FinalHead): void {
    this.#eventStream = headers.get('content-type')?.startsWith('text/event-stream') ?? false
    this.#deliver({ status, headers, body: this })
  }

  onSwitch(head: SwitchHead, tunnel: Duplex): void {
    assertSwitched(head, this.#request.headers)
    this.#deliver(switchedResponse(head.headers, tunnel))
    this.#finish(undefined)
  }

  onData(chunk: Buffer): void {
    if (this.#sink) {
      if (!this.#sink.write(chunk)) this.#carrier?.pause()
      if (this.#sink.isTaken) this.#carrier?.giveBack?.()
      return
    }
    this.#unread.push(chunk)
    this.#unreadBytes += chunk.length
    if (this.#unreadBytes > UNREAD_LIMIT) this.#carrier?.pause()
  }

  onWhole(trailers: readonly string[]): void {
    this.#trailers = trailers
    this.#finish(undefined)
  }

  onFailure(error: unknown): void {
    this.#finish(toFailure(error, this.#carrier !== undefined))
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
    else this.#carrier?.pause()
  }

  resume(): void {
    if (this.#ended) return
    if (this.#sink?.isTaken) this.#carrier?.giveBack?.()
    this.#carrier?.resume()
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
    this.#turn.decide(() => this.#resolve(response))
  }

  #arm(ms: number): void {
    if (ms === Number.POSITIVE_INFINITY) return
    this.#timer = this.#clock.after(Math.max(0, ms), () => {
      // A client that sends too slowly is not the service's failure: nobody else must pay for it.
      const code = this.#request.body.awaitsClient ? 'REQUEST_TIMEOUT' : 'UPSTREAM_TIMEOUT'
      this.abort(new GatewayError(code, { unprocessed: this.#carrier === undefined }))
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
