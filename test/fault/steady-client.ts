// A client that is not slow: requests at fixed times, on connections that it keeps and on new ones, all of them timed.
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectionOptions } from 'node:tls'
import { type Connection, openConnection } from '../../bench/load/connection.ts'
import { requestBytes, requestHead } from '../../bench/load/request-bytes.ts'
import { Latencies } from './latencies.ts'

/** Between two requests on connections that are kept, and between two on new ones. */
const KEPT_EVERY_MS = 1.25
const NEW_EVERY_MS = 50
/** So many that no request waits for another one of the client itself. */
export const CONNECTIONS = 128
const REQUEST = requestBytes(requestHead({ path: '/small' }))

export interface Seen {
  /** Milliseconds from the moment when a request was due, whatever kept the client from sending it. */
  readonly kept: Latencies
  readonly fresh: Latencies
  /** Milliseconds from the moment when a request was due until it was sent. */
  readonly late: Latencies
}

/** It makes little garbage, so that its own collections are not measured as if they were the gateway's. */
export class SteadyClient {
  readonly #port: number
  readonly #tls: ConnectionOptions | undefined
  readonly #idle: Connection[] = []
  /** When that was due which is on its way there. */
  readonly #carries = new Map<Connection, number>()
  readonly #timer: NodeJS.Timeout
  #seen = nothingSeen()
  #onNew = 0
  #keptDue = performance.now()
  #freshDue = performance.now()

  /** `tls` for a server that speaks it. Throws, later too, when a request is not answered as it should be. */
  constructor(port: number, tls?: ConnectionOptions) {
    this.#port = port
    this.#tls = tls
    // All of them: one that is opened in the middle of it is measured as a new one.
    for (let made = 0; made < CONNECTIONS; made++) void this.#keepOne()
    this.#timer = setInterval(() => this.#sendDue(), 1)
  }

  /** What it saw since it was last asked. */
  take(): Seen {
    const seen = this.#seen
    this.#seen = nothingSeen()
    return seen
  }

  /** When the last request has been answered. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    while (this.#carries.size + this.#onNew > 0) await sleep(10)
    for (const connection of this.#idle) connection.close()
  }

  async #keepOne(): Promise<void> {
    this.#idle.push(
      await this.#open((connection) => {
        const due = this.#carries.get(connection)!
        this.#carries.delete(connection)
        this.#idle.push(connection)
        this.#seen.kept.add(due, performance.now() - due)
        this.#sendDue()
      }),
    )
  }

  async #sendOnNew(due: number): Promise<void> {
    this.#onNew++
    const connection = await this.#open(() => {
      this.#seen.fresh.add(due, performance.now() - due)
      connection.close()
      this.#onNew--
    })
    connection.send(REQUEST)
  }

  #open(onAnswered: (connection: Connection) => void): Promise<Connection> {
    const onResponse = (connection: Connection, status: number) => {
      if (status !== 200) throw new Error(`a client that is not slow got ${status}`)
      onAnswered(connection)
    }
    const onLost = (_: Connection, reason: string) => {
      throw new Error(`a client that is not slow lost its connection: ${reason}`)
    }
    return openConnection(this.#port, { onResponse, onLost }, this.#tls)
  }

  #sendDue(): void {
    const now = performance.now()
    for (; this.#keptDue <= now && this.#idle.length > 0; this.#keptDue += KEPT_EVERY_MS) {
      const connection = this.#idle.shift()!
      this.#carries.set(connection, this.#keptDue)
      this.#seen.late.add(this.#keptDue, performance.now() - this.#keptDue)
      connection.send(REQUEST)
    }
    for (; this.#freshDue <= now; this.#freshDue += NEW_EVERY_MS) void this.#sendOnNew(this.#freshDue)
  }
}

const nothingSeen = (): Seen => ({ kept: new Latencies(), fresh: new Latencies(), late: new Latencies() })
