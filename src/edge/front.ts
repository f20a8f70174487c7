// The client side: every address where clients connect, and the protocols spoken there.
import type { Socket } from 'node:net'
import type { Clock } from '../plugin.ts'
import { createFramework, type Serve } from './framework.ts'
import { openListener } from './listener.ts'
import type { OnMalformed } from './malformed-request.ts'
import type { TlsSettings } from './tls-contexts.ts'
import { TlsFront } from './tls-front.ts'

export type ListenerSettings = ClearSettings | HttpsSettings

interface ClearSettings {
  readonly name: string
  readonly protocol: 'http' | 'h2c'
  readonly address: string
}

interface HttpsSettings {
  readonly name: string
  readonly protocol: 'https'
  readonly address: string
  readonly tls: TlsSettings
}

export interface FrontOptions {
  readonly serve: Serve
  /** Hears of what never became a request. */
  readonly onMalformed: OnMalformed
  readonly clock: Clock
}

export interface Front {
  /** Resolves with the URL; rejects when the address cannot be listened on. */
  open(settings: ListenerSettings): Promise<string>
  /** Handshakes from now on use the certificates of these settings; what was opened otherwise stays as it is. */
  renew(all: readonly ListenerSettings[]): void
  /** Open connections of clients. */
  connections(): number
  /** Takes no more connections; those that are open stay. */
  stopListening(): void
  closeConnections(): void
  close(): Promise<void>
}

/** A handshake that takes longer is no client. */
const HANDSHAKE_TIMEOUT_MS = 10_000

export async function createFront({ serve, onMalformed, clock }: FrontOptions): Promise<Front> {
  const framework = await createFramework(serve, onMalformed)
  const stops: (() => void)[] = []
  const sockets = new Set<Socket>()
  const speakHttp1 = (socket: Socket) => void framework.http1.emit('connection', socket)
  const tlsFronts = new Map<string, TlsFront>()
  const speakTls = ({ name, tls: settings }: HttpsSettings) => {
    const tls = new TlsFront(settings, {
      clock,
      protocols: ['http/1.1'],
      handshakeTimeoutMs: HANDSHAKE_TIMEOUT_MS,
      onSecure: speakHttp1,
    })
    tlsFronts.set(name, tls)
    stops.push(() => tls.close())
    return (socket: Socket) => tls.accept(socket)
  }
  const stopListening = () => {
    for (const stop of stops.splice(0)) stop()
  }
  return {
    async open(settings) {
      const speak = settings.protocol === 'https' ? speakTls(settings) : speakHttp1
      const listener = await openListener(settings.address, (socket) => {
        sockets.add(socket)
        socket.once('close', () => sockets.delete(socket))
        speak(socket)
      })
      stops.push(() => listener.stop())
      return `${settings.protocol === 'https' ? 'https' : 'http'}://${listener.authority}`
    },
    renew(all) {
      for (const one of all) if (one.protocol === 'https') tlsFronts.get(one.name)?.update(one.tls)
    },
    connections: () => sockets.size,
    stopListening,
    closeConnections() {
      for (const socket of sockets) socket.destroy()
    },
    async close() {
      stopListening()
      await framework.close()
    },
  }
}
