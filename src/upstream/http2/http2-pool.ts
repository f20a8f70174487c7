// The HTTP/2 sessions to one target, and the requests that wait for room on one of them.
import type { Socket } from 'node:net'
import { GatewayError } from '../../errors.ts'
import type { Connect } from '../connector.ts'
import type { Outgoing, Receiver, TargetPool } from '../transmission.ts'
import { failUnstarted, WaitingLine, type Work } from '../waiting-line.ts'
import { Session, type SessionSettings, STREAMS_PER_SESSION } from './session.ts'

export interface Http2PoolSettings extends SessionSettings {
  readonly connect: Connect
  /** Sessions at once. */
  readonly max: number
  readonly queue: number
}

// Without its hop-by-hop fields it would be a plain GET, and whatever the target makes of that the client's answer.
const NO_UPGRADE = 'a target that speaks HTTP/2 alone cannot be asked for a WebSocket'

export class Http2Pool implements TargetPool {
  readonly http2 = true
  readonly #settings: Http2PoolSettings
  /** All that are not closed: those that begin, serve, or end. */
  readonly #sessions = new Set<Session>()
  readonly #waiting: WaitingLine<Work>
  #dialling = 0
  #closing: PromiseWithResolvers<void> | undefined

  constructor(settings: Http2PoolSettings) {
    this.#settings = settings
    this.#waiting = new WaitingLine(settings.max + settings.queue)
  }

  get closed(): boolean {
    return this.#closing !== undefined
  }

  dispatch(request: Outgoing, receiver: Receiver): void {
    if (request.upgrade) throw new GatewayError('INTERNAL_ERROR', { cause: new Error(NO_UPGRADE) })
    const work: Work = { request, receiver }
    if (this.#closing) {
      failUnstarted(work, new GatewayError('UPSTREAM_UNREACHABLE', { unprocessed: true }))
      return
    }
    const session = this.#withRoom()
    if (session) session.start(work)
    else {
      this.#waiting.add(work)
      this.#connectWhereNeeded()
    }
  }

  /** What waits, for somebody else to do. */
  takeWaiting(): readonly Work[] {
    return this.#waiting.takeAll()
  }

  /** Takes nothing new; resolves when what is under way has ended. */
  close(): Promise<void> {
    this.#closing ??= Promise.withResolvers<void>()
    this.#endWhenDone()
    return this.#closing.promise
  }

  destroy(): Promise<void> {
    this.#closing ??= Promise.withResolvers<void>()
    this.#waiting.failAll(new GatewayError('UPSTREAM_RESET', { unprocessed: true }))
    for (const session of this.#sessions) session.destroy()
    this.#endWhenDone()
    return this.#closing.promise
  }

  #withRoom(): Session | undefined {
    for (const session of this.#sessions) if (session.hasRoom()) return session
    return undefined
  }

  #connectWhereNeeded(): void {
    let coming = this.#dialling
    // One that has begun and still is unused has no room to give: another would have none either.
    for (const session of this.#sessions) if (session.unused) coming++
    if (coming * STREAMS_PER_SESSION >= this.#waiting.size) return
    if (this.#sessions.size + this.#dialling >= this.#settings.max) return
    this.#dialling++
    this.#settings.connect((error, socket) => {
      this.#dialling--
      if (socket) this.#begin(socket)
      else this.#onFruitless(error)
    })
  }

  #begin(socket: Socket): void {
    const session = new Session(socket, this.#settings, {
      onRoom: () => this.#serveWaiting(),
      onClosed: (error) => {
        this.#sessions.delete(session)
        if (error) this.#onFruitless(error)
        else if (this.#waiting.size > 0) this.#connectWhereNeeded()
        this.#endWhenDone()
      },
    })
    this.#sessions.add(session)
  }

  #serveWaiting(): void {
    while (this.#waiting.size > 0) {
      const session = this.#withRoom()
      if (!session) {
        this.#connectWhereNeeded()
        break
      }
      const work = this.#waiting.next()
      if (work) session.start(work)
    }
    this.#endWhenDone()
  }

  /** No connection came of it. Those who wait go on waiting only while there is another. */
  #onFruitless(error: Error | null): void {
    if (this.#sessions.size === 0 && this.#dialling === 0)
      this.#waiting.failAll(error ?? new Error('no connection'))
    this.#endWhenDone()
  }

  #endWhenDone(): void {
    if (!this.#closing || this.#waiting.size > 0 || this.#dialling > 0) return
    for (const session of this.#sessions) session.close()
    if (this.#sessions.size === 0) this.#closing.resolve()
  }
}
