// TLS in front of HTTP: handshakes, certificates that are renewed while connections live, keys of session tickets.
import { randomBytes } from 'node:crypto'
import type { Socket } from 'node:net'
import { createServer, type TLSSocket } from 'node:tls'
import type { Clock, Timer } from '../plugin.ts'
import { introduce, introducedPeer } from './connection.ts'
import { TlsContexts, type TlsSettings } from './tls-contexts.ts'

/** Whoever reads the memory of this process later cannot read what was said under older keys. */
const TICKET_KEYS_MS = 6 * 3_600_000
/** As node wants them: name, HMAC key and AES key together. */
const TICKET_KEY_BYTES = 48

export interface TlsFrontOptions {
  readonly clock: Clock
  /** In order of preference; a client that offers only others is refused (ALPACA). */
  readonly protocols: readonly string[]
  readonly handshakeTimeoutMs: number
  /** A handshake is over. `alpnProtocol` of the socket says what is spoken, `false` where nothing was offered. */
  onSecure(socket: TLSSocket): void
}

export class TlsFront {
  readonly #server
  readonly #clock: Clock
  #contexts: TlsContexts
  #rotation: Timer | undefined
  /** Who the peers are, by the endpoint: a TLS socket does not tell which connection it is on. */
  readonly #introduced = new Map<string, string>()

  constructor(settings: TlsSettings, options: TlsFrontOptions) {
    this.#contexts = new TlsContexts(settings)
    this.#clock = options.clock
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
    this.#rotate()
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

  close(): void {
    this.#rotation?.cancel()
  }

  #introduce(socket: TLSSocket): void {
    const peer = this.#introduced.get(endpointOf(socket))
    if (peer !== undefined) introduce(socket, peer)
  }

  #rotate(): void {
    this.#server.setTicketKeys(randomBytes(TICKET_KEY_BYTES))
    this.#rotation = this.#clock.after(TICKET_KEYS_MS, () => this.#rotate())
  }
}

function endpointOf({ remoteAddress, remotePort, localAddress }: Socket): string {
  return `${remoteAddress} ${remotePort} ${localAddress}`
}

/** Where certificates are optional, one that nobody trusted has issued is still no certificate to come in with. */
function isDistrusted(socket: TLSSocket): boolean {
  return !socket.authorized && socket.getPeerX509Certificate() !== undefined
}
