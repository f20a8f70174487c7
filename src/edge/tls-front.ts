// TLS in front of HTTP: handshakes, and certificates that are renewed while connections live.
import type { Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import { introduce, introducedPeer } from './connection.ts'
import { TlsContexts, type TlsSettings } from './tls-contexts.ts'

export interface TlsFrontOptions {
  /** In order of preference; a client that offers only others is refused (ALPACA). */
  readonly protocols: readonly string[]
  readonly handshakeTimeoutMs: number
  /** A handshake is over. `alpnProtocol` of the socket says what is spoken, `false` where nothing was offered. */
  onSecure(socket: TLSSocket): void
}

export class TlsFront {
  readonly #server
  #contexts: TlsContexts
  /** Who the peers are, by the endpoint: a TLS socket does not tell which connection it is on. */
  readonly #introduced = new Map<string, string>()

  constructor(settings: TlsSettings, options: TlsFrontOptions) {
    this.#contexts = new TlsContexts(settings)
    this.#server = createServer({
      ...this.#contexts.base,
      ALPNProtocols: [...options.protocols],
      handshakeTimeout: options.handshakeTimeoutMs,
      requestCert: settings.clientCertificates !== undefined,
      rejectUnauthorized: settings.clientCertificates?.required ?? false,
      SNICallback: (name, done) => done(null, this.#contexts.find(name)),
    })
    this.#server.on('secureConnection', (socket) => {
      if (isDistrusted(socket)) socket.destroy()
      else {
        this.#introduce(socket)
        socket.disableRenegotiation()
        options.onSecure(socket)
      }
    })
    // A handshake that fails or takes too long is over, and so is its connection.
    this.#server.on('tlsClientError', (_error, socket) => socket.destroy())
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

  /** Handshakes from now on see these; open connections go on. Throws, and changes nothing, when they are none. */
  update(settings: TlsSettings): void {
    const contexts = new TlsContexts(settings)
    this.#server.setSecureContext(contexts.base)
    this.#contexts = contexts
  }

  /** Tickets from now on are encrypted with these, and no others are taken. */
  useTicketKeys(keys: Buffer): void {
    this.#server.setTicketKeys(keys)
  }

  #introduce(socket: TLSSocket): void {
    const peer = this.#introduced.get(endpointOf(socket))
    if (peer !== undefined) introduce(socket, peer)
  }
}

function endpointOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`
}

/** Where certificates are optional, one that nobody trusted has issued is still no certificate to come in with. */
function isDistrusted(socket: TLSSocket): boolean {
  return !socket.authorized && socket.getPeerX509Certificate() !== undefined
}
