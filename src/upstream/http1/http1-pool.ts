// The HTTP/1.1 connections to one target, and the requests that wait for one of them.
import type { Socket } from 'node:net'
import { GatewayError } from '../../errors.ts'
import type { Connect } from '../connector.ts'
import type { Outgoing, Receiver, TargetPool } from '../transmission.ts'
import { failUnstarted, WaitingLine } from '../waiting-line.ts'
import { Connection, type ConnectionOwner } from './connection.ts'
import { writeRequestHead } from './request-head.ts'
import type { Work } from './work.ts'

/** How often unused connections are looked at: nothing is sent on one that is over its time, however late it goes. */
const LOOK_MS = 1000

export interface Http1PoolSettings {
  readonly connect: Connect
  /** Named in requests that name no host themselves. */
  readonly host: string
  /** Connections at once. */
  readonly max: number
  readonly queue: number
  readonly idleTimeoutMs: number
  readonly headLimitBytes: number
}

export class Http1Pool implements TargetPool, ConnectionOwner {
  readonly http2 = false
  readonly #settings: Http1PoolSettings
  readonly #connections = new Set<Connection>()
  /** The last one used is used first, so that those that are too many grow old. */
  readonly #idle: Connection[] = []
  /** Whose answers have ended in this turn of the event loop. */
  readonly #fresh: Connection[] = []
  readonly #onTurn = () => {
    for (const connection of this.#fresh.splice(0)) if (connection.usable) this.#place(connection)
    this.#connectWhereNeeded()
  }
  readonly #waiting: WaitingLine<Work>
  #connecting = 0
  #looking: NodeJS.Timeout | undefined
  #closing: PromiseWithResolvers<void> | undefined

  constructor(settings: Http1PoolSettings) {
    this.#settings = settings
    this.#waiting = new WaitingLine(settings.max + settings.queue)
  }

  get closed(): boolean {
    return this.#closing !== undefined
  }

  dispatch(request: Outgoing, receiver: Receiver): void {
    const work: Work = { request, receiver, head: writeRequestHead(request, this.#settings.host) }
    if (this.#closing) {
      failUnstarted(work, new GatewayError('UPSTREAM_UNREACHABLE', { unprocessed: true }))
      return
    }
    const connection = this.#takeIdle()
    if (connection) connection.start(work)
    else this.#wait(work)
  }

  close(): Promise<void> {
    this.#closing ??= Promise.withResolvers<void>()
    for (const connection of this.#idle.splice(0)) connection.destroy()
    this.#endWhenDone()
    return this.#closing.promise
  }

  destroy(): Promise<void> {
    this.#closing ??= Promise.withResolvers<void>()
    this.#waiting.failAll(new GatewayError('UPSTREAM_RESET', { unprocessed: true }))
    for (const connection of this.#connections) connection.destroy()
    this.#endWhenDone()
    return this.#closing.promise
  }

  onFree(connection: Connection): void {
    // Servers close connections without having said so; the next turn of the event loop may know.
    if (this.#fresh.push(connection) === 1) setImmediate(this.#onTurn)
  }

  onMissed(work: Work): void {
    this.#wait(work)
  }

  #place(connection: Connection): void {
    const work = this.#waiting.next()
    if (work) connection.start(work)
    else if (this.#closing) connection.destroy()
    else this.#rest(connection)
  }

  onGone(connection: Connection): void {
    this.#connections.delete(connection)
    const at = this.#idle.lastIndexOf(connection)
    if (at >= 0) this.#idle.splice(at, 1)
    this.#connectWhereNeeded()
    this.#endWhenDone()
  }

  #takeIdle(): Connection | undefined {
    const now = performance.now()
    for (;;) {
      const connection = this.#idle.pop()
      if (!connection || (connection.usable && connection.idleUntil > now)) return connection
      connection.destroy()
    }
  }

  #rest(connection: Connection): void {
    const { idleTimeoutMs } = this.#settings
    const idleMs = Math.min(idleTimeoutMs, connection.keepAliveMs ?? idleTimeoutMs)
    if (idleMs <= 0) {
      connection.destroy()
      return
    }
    connection.idleUntil = performance.now() + idleMs
    this.#idle.push(connection)
    this.#looking ??= setTimeout(() => this.#look(), LOOK_MS).unref()
  }

  #look(): void {
    const now = performance.now()
    for (const connection of this.#idle.filter(({ idleUntil }) => idleUntil <= now)) connection.destroy()
    if (this.#idle.length > 0) this.#looking?.refresh()
    else this.#looking = undefined
  }

  #wait(work: Work): void {
    this.#waiting.add(work)
    this.#connectWhereNeeded()
  }

  #connectWhereNeeded(): void {
    const { max } = this.#settings
    const coming = () => this.#connecting + this.#fresh.length
    while (coming() < this.#waiting.size && this.#connections.size + this.#connecting < max) {
      this.#connecting++
      this.#settings.connect((error, socket) => {
        this.#connecting--
        if (socket) this.#begin(socket)
        else this.#onFruitless(error)
      })
    }
  }

  #begin(socket: Socket): void {
    const connection = new Connection(socket, this, this.#settings.headLimitBytes)
    this.#connections.add(connection)
    this.#place(connection)
  }

  /** One attempt to connect has failed: so has the request that was to have the connection. */
  #onFruitless(error: Error | null): void {
    if (this.#waiting.size > this.#connecting) {
      const work = this.#waiting.next()
      if (work) failUnstarted(work, error)
    }
    this.#connectWhereNeeded()
    this.#endWhenDone()
  }

  #endWhenDone(): void {
    if (!this.#closing || this.#waiting.size + this.#connecting + this.#connections.size > 0) return
    clearTimeout(this.#looking)
    this.#closing.resolve()
  }
}
