// What is spoken on a connection: HTTP/1.1, HTTP/2, either of them, TLS around them, a PROXY header before it all.
import type { Socket } from 'node:net'
import { type Patience, takeFirstBytes } from '../first-bytes.ts'
import type { ProxiedConnection } from '../proxy-protocol.ts'
import { introduce } from './connection.ts'
import type { Http1Connections } from './http1/http1-connections.ts'
import type { Http2Sessions } from './http2/http2-sessions.ts'
import { judgeFirstRecord, judgePreface } from './preface.ts'
import { judgeProxyHeader } from './proxy-header.ts'
import type { Turnstile } from './turnstile.ts'

/** Takes a connection over; `proxied` is what a trusted proxy has said of it. */
export type Speak = (socket: Socket, proxied?: ProxiedConnection) => void

export interface Voices {
  readonly http1: Speak
  readonly http2: Speak
  /** By the first bytes. */
  readonly either: Speak
}

/** How long a client is waited for, and where it waits itself. */
export interface Beginning {
  readonly patience: Patience
  readonly turnstile: Turnstile
}

export interface Speakers extends Beginning {
  readonly connections: Http1Connections
  readonly sessions: Http2Sessions
}

export function createVoices({ connections, sessions, patience, turnstile }: Speakers): Voices {
  const speak = {
    http1: (socket: Socket) => connections.accept(socket),
    http2: (socket: Socket) => sessions.accept(socket),
  }
  return {
    ...speak,
    either: (socket) =>
      takeFirstBytes(
        socket,
        {
          judge: judgePreface,
          done: (protocol) =>
            protocol === 'h2' ? letIn(socket, speak.http2, turnstile) : speak.http1(socket),
        },
        patience,
      ),
  }
}

/** When the client has said something whole: what it costs to answer it, one that says too little does not cost. */
export function onceHello(speak: Speak, { patience, turnstile }: Beginning): Speak {
  return (socket) =>
    takeFirstBytes(socket, { judge: judgeFirstRecord, done: () => letIn(socket, speak, turnstile) }, patience)
}

function letIn(socket: Socket, speak: Speak, turnstile: Turnstile): void {
  // Nobody else hears of it while it waits.
  socket.on('error', () => socket.destroy())
  turnstile.pass(() => {
    if (!socket.destroyed) speak(socket)
  })
}

/** Why a connection to a listener with `proxyProtocol` was closed without a word. */
export type ProxyFault = 'the peer is not in trustProxy' | 'no valid PROXY header'

export interface ProxyRules {
  trusts(address: string): boolean
  readonly patience: Patience
  onFault(fault: ProxyFault, address: string): void
}

/** Reads the header first; what follows it is as if the client had connected by itself. */
export function behindProxy(speak: Speak, { trusts, patience, onFault }: ProxyRules): Speak {
  return (socket) => {
    const { remoteAddress = '' } = socket
    const refuse = (fault: ProxyFault) => {
      onFault(fault, remoteAddress)
      socket.destroy()
    }
    // Whoever else could write such a header could be anybody.
    if (!trusts(remoteAddress)) {
      refuse('the peer is not in trustProxy')
      return
    }
    takeFirstBytes(
      socket,
      {
        judge: judgeProxyHeader,
        done({ valid, connection }) {
          if (!valid) return refuse('no valid PROXY header')
          if (connection) introduce(socket, connection.sourceAddress)
          speak(socket, connection)
        },
      },
      patience,
    )
  }
}
