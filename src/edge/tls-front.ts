// TLS in front of HTTP: handshakes, and certificates that are renewed while connections live.
import type { Socket } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import type { Clock } from '../plugin.ts'
import { introduce, introducedPeer } from './connection.ts'
import { sessionContextOf } from './session-context.ts'
import { TlsContexts, type TlsSettings } from './tls-contexts.ts'

export interface TlsFrontOptions {
  /** Its name: sessions of other listeners are not resumed at this one. */
  readonly listener: string
  readonly clock: Clock
  /** In order of preference; a client that offers only others is refused (ALPACA). */
  readonly protocols: readonly string[]
  readonly handshakeTimeoutMs: number
  /** A handshake is over. `alpnProtocol` of the socket says what is spoken, `false` where nothing was offered. */
  onSecure(socket: TLSSocket): void
}

export class TlsFront {
  readonly #options: TlsFrontOptions
  #contexts: TlsContexts
  #server: Server
  #ticketKeys: Buffer | undefined
  /** Who the peers are, by the endpoint: a TLS socket does not tell which connection it is on. */
  readonly #introduced = new Map<string, string>()

  constructor(settings: TlsSettings, options: TlsFrontOptions) {
    this.#options = options
    this.#contexts = new TlsContexts(settings, {
      sessionIdContext: sessionContextOf(options.listener, settings),
    })
    this.#server = this.#createServer(settings, this.#contexts)
  }

  accept(socket: Socket): void {
    const peer = introducedPeer(socket)
    if (peer !== undefined) {
      const endpoint = endpointOf(socket)
      this.#introduced.set(endpoint, peer)
      socket.once('close', () => this.#introduced.delete(endpoint))
    }
    this.#server.emit('connection', socket)
  }

  /**
   * Connections from now on see these; what is open, or in its handshake, goes on. Throws, and changes nothing, when
   * they are none.
   */
  update(settings: TlsSettings): void {
    const sessionIdContext = sessionContextOf(this.#options.listener, settings)
    if (sessionIdContext === this.#contexts.base.sessionIdContext) return
    const keys = this.#ticketKeys
    const contexts = new TlsContexts(settings, { sessionIdContext, ...(keys ? { ticketKeys: keys } : {}) })
    this.#server = this.#createServer(settings, contexts)
    this.#contexts = contexts
  }

  /** Tickets from now on are encrypted with these, and no others are taken. */
  useTicketKeys(keys: Buffer): void {
    this.#ticketKeys = keys
    this.#server.setTicketKeys(keys)
    this.#contexts.useTicketKeys(keys)
  }

  /** It listens nowhere. A new one each time: a new context does not change whether it asks for certificates. */
  #createServer({ clientCertificates: clients }: TlsSettings, contexts: TlsContexts): Server {
    const { protocols, handshakeTimeoutMs, clock, onSecure } = this.#options
    const server = createServer({
      ...contexts.base,
      ALPNProtocols: [...protocols],
      handshakeTimeout: handshakeTimeoutMs,
      requestCert: clients !== undefined,
      rejectUnauthorized: clients?.required ?? false,
      SNICallback: (name, done) => done(null, contexts.find(name)),
    })
    server.on('secureConnection', (socket) => {
      if (!mayEnter(socket, clients?.required ?? false, clock)) socket.destroy()
      else {
        this.#introduce(socket)
        socket.disableRenegotiation()
        onSecure(socket)
      }
    })
    // A handshake that fails or takes too long is over, and so is its connection.
    server.on('tlsClientError', (_error, socket) => socket.destroy())
    return server
  }

  #introduce(socket: TLSSocket): void {
    const peer = this.#introduced.get(endpointOf(socket))
    if (peer !== undefined) introduce(socket, peer)
  }
}

function endpointOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`
}

/**
 * Where certificates are optional, one that nobody trusted has issued is still no certificate to come in with. What is
 * resumed is not verified anew, and to Node 24.12 a resumed session of TLS 1.3 is `authorized` without a certificate.
 */
function mayEnter(socket: TLSSocket, required: boolean, clock: Clock): boolean {
  const shown = socket.getPeerX509Certificate()
  if (!shown) return !required
  return socket.authorized && shown.validToDate.getTime() > clock.epochMs()
}
