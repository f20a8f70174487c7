// Clients that cost a server a connection each and next to nothing themselves: slow to ask, to send, or to read.
import { connect, type Socket } from 'node:net'

export type Slowness = 'head' | 'body' | 'read' | 'handshake'

export interface SlowClients {
  /** Connections that were made. */
  opened(): number
  /** Who does not read does not learn that its connection is gone: those count until they are stopped. */
  stillOpen(): number
  /** How many were answered so. */
  answered(status: number): number
  stop(): void
}

export interface SlowOptions {
  readonly port: number
  readonly count: number
  /** A byte of each client that often. */
  readonly everyMs: number
  /** Connections that are made in a second; all at once without it. */
  readonly perSecond?: number | undefined
}

const PARTS = 50
const CONNECT_MS = 5

const BEGINNING: Readonly<Record<Slowness, string>> = {
  head: 'GET /small HTTP/1.1\r\nHost: gw.test\r\nX-Slow: ',
  body: 'POST /upload HTTP/1.1\r\nHost: gw.test\r\nContent-Length: 1000000\r\n\r\n',
  read: 'GET /big HTTP/1.1\r\nHost: gw.test\r\n\r\n',
  // A TLS record with the head of a ClientHello; what dribbles behind it never fills it.
  handshake: '\x16\x03\x01\x40\x00\x01\x00\x3f\xfc\x03\x03',
}

export function startSlowClients(slowness: Slowness, options: SlowOptions): SlowClients {
  const { port, everyMs } = options
  const open = new Set<Socket>()
  const statuses: number[] = []
  let opened = 0
  const connecting = keepPace(options, () => {
    const socket = connect({ port, host: '127.0.0.1' }, () => {
      opened++
      open.add(socket)
      socket.write(BEGINNING[slowness], 'latin1')
    })
    if (slowness === 'read') socket.pause()
    else socket.on('data', (chunk) => statuses.push(Number(chunk.toString('latin1').split(' ')[1])))
    socket.on('error', () => socket.destroy())
    socket.on('close', () => open.delete(socket))
  })
  let turn = 0
  // A part of them at a time: all at once would hold up those that are measured beside them.
  const timer = setInterval(() => {
    turn++
    for (const [at, socket] of [...open].entries()) if (at % PARTS === turn % PARTS) dribble(socket, slowness)
  }, everyMs / PARTS)
  return {
    opened: () => opened,
    stillOpen: () => open.size,
    answered: (status) => statuses.filter((one) => one === status).length,
    stop() {
      clearInterval(connecting)
      clearInterval(timer)
      for (const socket of open) socket.destroy()
    },
  }
}

function keepPace({ count, perSecond = Number.POSITIVE_INFINITY }: SlowOptions, connectOne: () => void) {
  const from = performance.now() - CONNECT_MS
  let made = 0
  const timer = setInterval(connectDue, CONNECT_MS)
  function connectDue(): void {
    const due = Math.min(count, (perSecond * (performance.now() - from)) / 1000)
    for (; made < due; made++) connectOne()
    if (made === count) clearInterval(timer)
  }
  connectDue()
  return timer
}

function dribble(socket: Socket, slowness: Slowness): void {
  if (slowness !== 'read' && socket.writable) socket.write('a')
}
