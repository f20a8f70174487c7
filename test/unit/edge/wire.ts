// Both ends of a connection: the edge's own HTTP/1 that hands out what arrives, and a client of raw bytes.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { Http1Connections, type Http1Options } from '../../../src/edge/http1/http1-connections.ts'
import type { Http1Request } from '../../../src/edge/http1/http1-request.ts'
import type { Http1Response } from '../../../src/edge/http1/http1-response.ts'
import { Spread } from '../../../src/edge/spread.ts'
import { Turnstile } from '../../../src/edge/turnstile.ts'
import { systemClock } from '../../../src/system-clock.ts'
import { LIMITS } from './test-limits.ts'

export interface Served {
  readonly raw: Http1Request
  readonly response: Http1Response
}

export interface Arrived extends Served {
  readonly client: RawClient
  /** This one, and what comes behind it. */
  readonly served: readonly Served[]
  /** The edge's side of the connection. */
  readonly socket: Socket
}

/** A server on a free port that ends with the test. */
async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return (server.address() as AddressInfo).port
}

/** Speaks HTTP/1 on a free port, and keeps what comes for the test to answer. */
export async function speakHttp1(options: Partial<Http1Options> = {}) {
  const served: Served[] = []
  const sockets: Socket[] = []
  const connections = new Http1Connections({
    clock: systemClock,
    limits: LIMITS,
    spread: new Spread(systemClock),
    turnstile: new Turnstile(systemClock),
    onRequest: (raw, response) =>
      void served.push({ raw: raw as Http1Request, response: response as Http1Response }),
    onMalformed() {},
    ...options,
  })
  const port = await listen(
    createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      sockets.push(socket)
      connections.accept(socket)
    }),
  )
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    connections.stop()
  })
  return { port, served, sockets, client: () => RawClient.connect(port) }
}

/** Sends the bytes to a fresh edge and resolves when the head has arrived there. */
export async function arrive(bytes: string): Promise<Arrived> {
  const { served, sockets, client: connected } = await speakHttp1()
  const client = await connected()
  client.write(bytes)
  await eventually(() => served.length > 0)
  return { ...served[0]!, served, client, socket: sockets[0]! }
}

/** Bytes out, bytes in, as latin1. */
export class RawClient {
  readonly socket: Socket
  received = ''
  #waiting: (() => void) | undefined

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1')
      this.#waiting?.()
    })
    socket.on('error', () => {})
    socket.on('close', () => this.#waiting?.())
    onTestFinished(() => void socket.destroy())
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    await once(socket, 'connect')
    return new RawClient(socket)
  }

  write(bytes: string | Buffer): void {
    this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
  }

  /** Resolves when everything received so far satisfies; rejects when the connection closes before. */
  async until(satisfied: (received: string) => boolean): Promise<string> {
    while (!satisfied(this.received)) {
      if (this.socket.destroyed) throw new Error(`closed after ${JSON.stringify(this.received)}`)
      await new Promise<void>((resolve) => {
        this.#waiting = resolve
      })
    }
    return this.received
  }

  /** Resolves with everything when the server has ended its side. */
  async ended(): Promise<string> {
    if (!this.socket.readableEnded && !this.socket.destroyed) {
      await Promise.race([once(this.socket, 'end'), once(this.socket, 'close')])
    }
    return this.received
  }
}

/** Resolves when the condition holds; looks again whenever the event loop has turned. */
export async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise<void>((resolve) => setImmediate(resolve))
}

export const turns = async (count = 20): Promise<void> => {
  for (let turn = 0; turn < count; turn++) await new Promise<void>((resolve) => setImmediate(resolve))
}
