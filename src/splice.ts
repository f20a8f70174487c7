// Two connections made one: bytes both ways with backpressure, either way ended on its own, a reset passed on.
import type { Socket } from 'node:net'
import type { Clock } from './plugin.ts'

export interface SpliceLimits {
  /** How long nothing may move in either direction. */
  readonly idleMs: number
  /** The same once one side has said that it sends no more. */
  readonly halfOpenMs: number
  /** How long it may last in all. */
  readonly lifetimeMs: number
}

/** Why it is over. `cut` is the gateway's own wish, all others speak for themselves. */
export type SpliceEnd = 'ended' | 'clientReset' | 'targetReset' | 'idle' | 'lifetime' | 'cut'

type Side = 'client' | 'target'

/** Takes over both sockets, which must have been opened with `allowHalfOpen`. What was read before is the caller's to send. */
export class Splice {
  /** Resolves when both sockets are closed. */
  readonly done: Promise<SpliceEnd>
  readonly #sockets: Readonly<Record<Side, Socket>>
  readonly #sentBefore: Readonly<Record<Side, number>>
  readonly #done = Promise.withResolvers<SpliceEnd>()
  readonly #cancelLifetime: () => void
  #end: SpliceEnd | undefined
  #open = 2

  constructor(
    client: Socket,
    target: Socket,
    { clock, limits }: { readonly clock: Clock; readonly limits: SpliceLimits },
  ) {
    this.done = this.#done.promise
    this.#sockets = { client, target }
    this.#sentBefore = { client: client.bytesWritten, target: target.bytesWritten }
    const timer = clock.after(limits.lifetimeMs, () => this.#stop('lifetime'))
    this.#cancelLifetime = () => timer.cancel()
    // All bytes of both ways pass the client's socket. Node keeps one timer list per duration: a byte costs nothing.
    client.setTimeout(limits.idleMs)
    target.setTimeout(0)
    for (const side of ['client', 'target'] as const) this.#watch(side, limits)
    client.pipe(target)
    target.pipe(client)
  }

  /** Bytes written to this side so far. */
  sentTo(side: Side): number {
    return this.#sockets[side].bytesWritten - this.#sentBefore[side]
  }

  /** Resets both sides; what is still on its way is lost. */
  cut(): void {
    this.#stop('cut')
  }

  #watch(side: Side, { halfOpenMs }: SpliceLimits): void {
    const socket = this.#sockets[side]
    socket.on('timeout', () => this.#stop('idle'))
    socket.on('error', () => this.#fail(side, halfOpenMs))
    socket.once('end', () => this.#sockets.client.setTimeout(halfOpenMs))
    socket.once('close', () => {
      if (!socket.readableEnded || !socket.writableFinished) this.#fail(side, halfOpenMs)
      if (--this.#open === 0) this.#finish()
    })
  }

  #fail(side: Side, halfOpenMs: number): void {
    const failed = this.#sockets[side]
    const other = this.#sockets[side === 'client' ? 'target' : 'client']
    this.#end ??= side === 'client' ? 'clientReset' : 'targetReset'
    // Its last word had been said: the other side gets it all (a server may answer early and close).
    if (failed.readableEnded && !other.writableFinished) {
      other.once('finish', () => other.destroy())
      // The client's timer is gone with the client.
      other.setTimeout(halfOpenMs)
    } else reset(other)
  }

  #stop(why: SpliceEnd): void {
    this.#end ??= why
    reset(this.#sockets.client)
    reset(this.#sockets.target)
  }

  #finish(): void {
    this.#cancelLifetime()
    this.#done.resolve(this.#end ?? 'ended')
  }
}

/** What was broken or cut off must not look like it has ended well. TLS has no reset: its missing close_notify says it. */
function reset(socket: Socket): void {
  if (socket.destroyed) return
  // Node cannot reset one whose end is on its way: it fails by EINVAL and never tells of a close. All was sent by then.
  const isEnding = socket.writableEnded && socket.writableLength === 0 && !socket.writableFinished
  if (isEnding || 'encrypted' in socket) socket.destroy()
  else socket.resetAndDestroy()
}
