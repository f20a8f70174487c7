// Bodies that are waited for must come at a pace: a byte now and then holds a service and a connection for nothing.
import { GatewayError } from '../errors.ts'
import type { Clock } from '../plugin.ts'
import type { Spread } from './spread.ts'

/** How often all of them are looked at. */
const LOOK_MS = 1000

export interface WatchedBody {
  /** Bytes so far. */
  readonly received: number
  /** True while it is the client that is waited for, not the service. */
  readonly awaitsClient: boolean
  /** True when the last byte has arrived, read or not. */
  readonly complete: boolean
  /** True when nothing more will come, whether all of it came or not. */
  readonly over: boolean
  fail(error: GatewayError): void
}

export interface BodyPace {
  /** Bytes per second. */
  readonly bodyRate: number
  readonly bodyGraceMs: number
  /** How long nothing may come of a call of gRPC. */
  readonly callSilenceMs: number
}

/** A call of gRPC, until its service turns out to speak no HTTP/2: then it is a body like any other. */
export interface WatchedCall extends WatchedBody {
  readonly isCall: boolean
}

interface Waiting {
  /** Milliseconds that the client was waited for; for a call since it last sent something. */
  waitedMs: number
  /** Of a call: bytes at the last look. */
  heard: number
  isCall(): boolean
  /** By when all of it must have come, whoever is waited for. */
  readonly dueAt: number
}

const TOO_SLOW = 'The body came too slowly.'
const TOO_SILENT = 'Nothing came of the call for too long.'
const TOO_LATE = 'The request took too long in all.'

export class BodyWatch {
  readonly #clock: Clock
  readonly #pace: BodyPace
  readonly #spread: Spread
  readonly #bodies = new Map<WatchedBody, Waiting>()
  #lookedAt = 0
  #looking = false

  constructor(clock: Clock, pace: BodyPace, spread: Spread) {
    this.#clock = clock
    this.#pace = pace
    this.#spread = spread
  }

  /** From the moment on that somebody reads it. Over HTTP/1.1 the connection sees to the whole time. */
  watch(body: WatchedBody, dueAt = Number.POSITIVE_INFINITY): void {
    this.#add(body, { dueAt, heard: 0, isCall: never })
  }

  /** Messages come as slowly and for as long as they like, but not never. */
  watchCall(body: WatchedCall, dueAt: number): void {
    this.#add(body, { dueAt, heard: 0, isCall: () => body.isCall })
  }

  #add(body: WatchedBody, rule: Omit<Waiting, 'waitedMs'>): void {
    // The first look counts the whole time since the one before it, of which this body was not there for a part.
    const missedMs = this.#looking ? this.#clock.now() - this.#lookedAt : 0
    this.#bodies.set(body, { ...rule, waitedMs: -missedMs })
    if (!this.#looking) this.#lookAgain()
  }

  #lookAgain(): void {
    this.#looking = this.#bodies.size > 0
    this.#lookedAt = this.#clock.now()
    if (this.#looking) this.#clock.after(LOOK_MS, () => this.#look())
  }

  #look(): void {
    const passed = this.#clock.now() - this.#lookedAt
    for (const [body, waiting] of this.#bodies) {
      count(body, waiting, passed)
      const fault = body.over ? undefined : this.#faultOf(body, waiting)
      if (!body.over && fault === undefined) continue
      this.#bodies.delete(body)
      if (fault !== undefined) this.#spread.run(() => giveUp(body, fault))
    }
    this.#lookAgain()
  }

  #faultOf(body: WatchedBody, waiting: Waiting): string | undefined {
    if (waiting.isCall()) return waiting.waitedMs > this.#pace.callSilenceMs ? TOO_SILENT : undefined
    if (this.#isTooSlow(body, waiting)) return TOO_SLOW
    return !body.complete && this.#clock.now() >= waiting.dueAt ? TOO_LATE : undefined
  }

  #isTooSlow({ received }: WatchedBody, { waitedMs }: Waiting): boolean {
    const { bodyRate, bodyGraceMs } = this.#pace
    // What came before counts: a client that was fast may rest, for as long as its average allows.
    return waitedMs > bodyGraceMs && received < (bodyRate * (waitedMs - bodyGraceMs)) / 1000
  }
}

function giveUp(body: WatchedBody, fault: string): void {
  // What was waited for may have come, as this waited.
  if (!body.over && !body.complete) body.fail(new GatewayError('REQUEST_TIMEOUT', { detail: fault }))
}

function count(body: WatchedBody, waiting: Waiting, passedMs: number): void {
  if (body.received > waiting.heard && waiting.isCall()) {
    waiting.heard = body.received
    waiting.waitedMs = 0
  } else if (body.awaitsClient) {
    waiting.waitedMs += passedMs
  }
}

function never(): boolean {
  return false
}
