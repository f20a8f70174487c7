// One keep-alive connection with at most one request on its way.
import { connect, type Socket } from 'node:net'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import { ResponseReader } from './response-reader.ts'

const READ_BYTES = 64 * 1024

export interface ConnectionEvents {
  onResponse(connection: Connection, status: number, bodyBytes: number): void
  /** Broken, or an answer that is none. Not after `close`. */
  onLost(connection: Connection, reason: string): void
}

export interface Connection {
  send(request: Buffer): void
  close(): void
}

// Shared by all: what is read is consumed before the next read can begin.
const readBuffer = Buffer.allocUnsafe(READ_BYTES)

/** Resolves when it stands, with `tls` after the handshake; rejects when it is refused. */
export function openConnection(
  port: number,
  events: ConnectionEvents,
  tls?: ConnectionOptions,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    let socket: Socket | undefined
    const connection: Connection = {
      send: (request) => void socket?.write(request),
      close: () => {
        const closed = socket
        socket = undefined
        closed?.destroy()
      },
    }
    const lose = (reason: string): void => {
      if (socket === undefined) return
      connection.close()
      events.onLost(connection, reason)
    }
    const reader = new ResponseReader((status, bytes) => events.onResponse(connection, status, bytes))
    const onread = {
      buffer: readBuffer,
      callback: (length: number) => {
        try {
          reader.push(readBuffer, length)
        } catch (thrown) {
          lose((thrown as Error).message)
        }
        return true
      },
    }
    const options = { port, host: '127.0.0.1', noDelay: true, onread }
    const opening = tls ? connectTls({ ...options, ...tls }) : connect(options)
    opening.once('error', reject)
    opening.once(tls ? 'secureConnect' : 'connect', () => {
      socket = opening
      opening.off('error', reject)
      opening.on('error', (error) => lose(error.message))
      opening.on('close', () => lose('closed by the other side'))
      resolve(connection)
    })
  })
}
