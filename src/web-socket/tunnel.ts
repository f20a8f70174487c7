// Two connections joined as one: frames both ways, within limits of time and size, ended politely where that is possible.
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Clock, Timer, TunnelLimits } from '../plugin.ts'
import { closeFrame, maskedCloseFrame } from './close-frame.ts'
import type { Extensions } from './frame-rules.ts'
import { Relay } from './relay.ts'
import { CLOSE_CODES, type GatewayCause, type TunnelCause } from './tunnel-cause.ts'

/** How long both ends may take to answer a close frame. */
const CLOSE_GRACE_MS = 1000
/** WebSocket knows no half-closed connections: when one side has ended, this is for the other to read its last bytes. */
const LINGER_MS = 30_000
/** Idle TCP probes: a peer that lost power is noticed although nobody writes. */
const KEEP_ALIVE_MS = 60_000

export interface TunnelOptions {
  readonly client: Duplex
  readonly target: Duplex
  readonly clock: Clock
  readonly limits: TunnelLimits
  readonly extensions: Extensions
  /** How long that is good which the client was let in by; Infinity: without an end. */
  readonly authenticatedMs: number
}

export class Tunnel {
  /** Resolves when both connections are gone. */
  readonly ended: Promise<void>
  readonly #options: TunnelOptions
  readonly #up: Relay
  readonly #down: Relay
  readonly #onEnded: () => void
  #open = 2
  #activeAt: number
  #idle: Timer | undefined
  #end: Timer
  /** Monotonic milliseconds by which it is over, whatever its ends do. */
  #endAt = Number.POSITIVE_INFINITY
  #leaving = false
  /** Whoever was first counts; `OK`: one side has said that it closes. */
  #cause: TunnelCause | 'OK' | undefined

  constructor(options: TunnelOptions) {
    const { client, target, clock, limits, authenticatedMs } = options
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ended = promise
    this.#onEnded = resolve
    this.#options = options
    this.#activeAt = clock.now()
    this.#up = this.#relay([client, target], true)
    this.#down = this.#relay([target, client], false)
    const isBriefer = authenticatedMs < limits.lifetimeMs
    this.#end = clock.after(isBriefer ? authenticatedMs : limits.lifetimeMs, () =>
      this.#close(isBriefer ? 'TOKEN_EXPIRED' : 'LIFETIME_REACHED'),
    )
    this.#watchIdle(limits.idleMs)
    this.#attach(client, target, 'CLIENT_RESET')
    this.#attach(target, client, 'TARGET_RESET')
  }

  /** Bytes from the client. */
  get received(): number {
    return this.#up.bytes
  }

  /** Bytes to the client. */
  get sent(): number {
    return this.#down.bytes
  }

  /** Of a tunnel that the client has left; undefined when one side has closed it as it should. */
  get cause(): TunnelCause | undefined {
    // Its connection may tell others first that it has closed.
    return this.#cause === 'OK' ? undefined : (this.#cause ?? 'CLIENT_RESET')
  }

  goAway(): void {
    this.#close('DRAINED')
  }

  /** Tells both ends that the connection closes, and closes it once they have answered or had the time to. */
  #close(cause: GatewayCause): void {
    if (this.#leaving || this.#open === 0) return
    this.#leaving = true
    this.#cause ??= cause
    const code = CLOSE_CODES[cause]
    this.#endWithin(CLOSE_GRACE_MS)
    this.#down.conclude(closeFrame(code))
    this.#up.conclude(maskedCloseFrame(code))
    this.#closeAnswered()
  }

  #relay(way: readonly [from: Duplex, to: Duplex], masked: boolean): Relay {
    const { extensions, limits } = this.#options
    const rules = { masked, extensions, messageBytes: limits.messageBytes }
    return new Relay(way, rules, {
      onTaken: () => this.#onTaken(),
      onFault: (code) =>
        this.#close(code === CLOSE_CODES.MESSAGE_TOO_BIG ? 'MESSAGE_TOO_BIG' : 'FRAME_INVALID'),
    })
  }

  /** `cause`: of an end that nobody has announced. */
  #attach(one: Duplex, other: Duplex, cause: TunnelCause): void {
    if (one instanceof Socket) {
      one.setTimeout(0)
      one.setKeepAlive(true, KEEP_ALIVE_MS)
      // Node would end a connection by itself that the other side has half-closed.
      one.allowHalfOpen = true
    }
    let open = true
    const close = () => {
      this.#cause ??= cause
      if (open) this.#onClose(other)
      open = false
    }
    one.on('close', close)
    one.on('end', () => {
      this.#cause ??= cause
      this.#endWithin(LINGER_MS)
    })
    // Before there was anybody to hear of it.
    if (one.destroyed) close()
  }

  #onClose(other: Duplex): void {
    this.#open--
    if (this.#open > 0) {
      other.end()
      // Nobody takes what it sends any more: held back, it would never be read to its end.
      other.resume()
      this.#endWithin(LINGER_MS)
      return
    }
    this.#idle?.cancel()
    this.#end.cancel()
    this.#onEnded()
  }

  #onTaken(): void {
    this.#activeAt = this.#options.clock.now()
    if (this.#up.closed || this.#down.closed) this.#cause ??= 'OK'
    if (this.#leaving) this.#closeAnswered()
  }

  /** Whoever has been told and has answered is done: RFC 6455 section 7.1.1 lets the server close first. */
  #closeAnswered(): void {
    const { client, target } = this.#options
    if (this.#down.over && this.#up.closed) client.end()
    if (this.#up.over && this.#down.closed) target.end()
  }

  #watchIdle(ms: number): void {
    const { clock, limits } = this.#options
    // One timer that looks back, instead of one more for every frame.
    this.#idle = clock.after(ms, () => {
      const left = limits.idleMs - (clock.now() - this.#activeAt)
      if (left <= 0) this.#close('IDLE_TIMEOUT')
      else this.#watchIdle(left)
    })
  }

  #endWithin(ms: number): void {
    const { client, target, clock } = this.#options
    const endAt = clock.now() + ms
    if (endAt >= this.#endAt) return
    this.#endAt = endAt
    this.#end.cancel()
    this.#idle?.cancel()
    this.#end = clock.after(ms, () => {
      client.destroy()
      target.destroy()
    })
  }
}
