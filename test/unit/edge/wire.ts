// Both ends of a connection: a real HTTP server that hands out what arrives, and a client of raw bytes.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Server as NetServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import { EdgeResponse } from '../../../src/edge/response-head.ts'

export interface Arrived {
  readonly raw: IncomingMessage
  readonly response: ServerResponse
  readonly client: RawClient
  readonly server: Server
}

/** A server on a free port that ends with the test. */
export async function listen<S extends NetServer>(server: S): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    if ('closeAllConnections' in server) (server as unknown as Server).closeAllConnections()
  })
  return (server.address() as AddressInfo).port
}

/** Sends the bytes to a fresh server and resolves when the head has arrived there. */
export async function arrive(bytes: string): Promise<Arrived> {
  const server = createServer({ ServerResponse: EdgeResponse })
  const port = await listen(server)
  const arriving = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>
  const client = await RawClient.connect(port)
  client.write(bytes)
  const [raw, response] = await arriving
  return { raw, response, client, server }
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
