// TCP servers for tests that speak what they are told, and ends of connections that are easily read.
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface TcpTarget {
  readonly url: string
  readonly port: number
  /** Every connection so far, closed ones too. */
  readonly accepted: Socket[]
  close(): Promise<void>
}

/** Half-open connections, handed to `serve`; gone with the test. */
export async function startTcpTarget(serve: (socket: Socket) => void = echo): Promise<TcpTarget> {
  const accepted: Socket[] = []
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    socket.on('error', () => {})
    accepted.push(socket)
    serve(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const close = async () => {
    for (const socket of accepted) socket.destroy()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  onTestFinished(close)
  return { url: `tcp://127.0.0.1:${port}`, port, accepted, close }
}

export function echo(socket: Socket): void {
  socket.pipe(socket)
}

/** A half-open connection that is gone with the test. */
export async function connectTo(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true, noDelay: true })
  socket.on('error', () => {})
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** All that comes until the other side ends or breaks off: the text, and the code of the error. */
export function received(
  socket: Socket,
): Promise<{ readonly text: string; readonly error: string | undefined }> {
  return new Promise((resolve) => {
    let text = ''
    const settle = (error?: string) => resolve({ text, error })
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1')
    })
    socket.once('end', () => settle()).once('close', () => settle())
    socket.once('error', ({ code }: NodeJS.ErrnoException) => settle(code))
  })
}

/** The code of the error that a connection ends with, before it is made or after. */
export async function refusalAt(url: string): Promise<string | undefined> {
  const outcome = await connectTo(url).catch(({ code }: NodeJS.ErrnoException) => code)
  return typeof outcome === 'object' ? (await received(outcome)).error : outcome
}
