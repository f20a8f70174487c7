// A target over TLS that chooses in the handshake whether HTTP/2 or HTTP/1.1 is spoken (RFC 7301).
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Connect } from '../connector.ts'
import type { Outgoing, Receiver, TargetPool } from '../transmission.ts'
import { Http2Pool, type Http2PoolSettings } from './http2-pool.ts'

export interface AlpnPoolSettings {
  readonly http2: Http2PoolSettings
  /** For HTTP/1.1 only. */
  readonly connect: Connect
  createHttp1(connect: Connect): TargetPool
  /** False: a target that does not choose HTTP/2 is an error. */
  readonly http1Allowed: boolean
  onProtocol(chosen: 'http1' | 'http2'): void
}

export class AlpnPool implements TargetPool {
  readonly #settings: AlpnPoolSettings
  readonly #http2: Http2Pool
  readonly #http1: TargetPool
  /** Connections made for HTTP/2 that turned out to be of HTTP/1.1; as many as were dialled at once. */
  readonly #adoptable: Socket[] = []
  #current: TargetPool

  constructor(settings: AlpnPoolSettings) {
    this.#settings = settings
    this.#http1 = settings.createHttp1((callback) => this.#connectHttp1(callback))
    this.#http2 = new Http2Pool({ ...settings.http2, connect: (callback) => this.#connect(callback) })
    this.#current = this.#http2
  }

  get closed(): boolean {
    return this.#http2.closed
  }

  get http2(): boolean {
    return this.#current === this.#http2
  }

  dispatch(request: Outgoing, receiver: Receiver): void {
    // WebSocket over HTTP/2 (RFC 8441) is not spoken: what speaks both speaks HTTP/1.1 for it.
    const pool = request.upgrade && this.#settings.http1Allowed ? this.#http1 : this.#current
    pool.dispatch(request, receiver)
  }

  async close(): Promise<void> {
    await Promise.all([this.#http1.close(), this.#http2.close()])
    this.#dropAdoptable()
  }

  async destroy(): Promise<void> {
    await Promise.all([this.#http1.destroy(), this.#http2.destroy()])
    this.#dropAdoptable()
  }

  #connect(callback: Parameters<Connect>[0]): void {
    const { http2, http1Allowed } = this.#settings
    http2.connect((error, socket) => {
      if (error || !socket) return callback(error, null)
      if ((socket as TLSSocket).alpnProtocol === 'h2') {
        this.#use('http2')
        return callback(null, socket)
      }
      if (http1Allowed) this.#moveToHttp1(socket)
      else socket.destroy()
      return callback(new NoHttp2Error(), null)
    })
  }

  /** Takes a connection that was made to find out, if there is one. */
  #connectHttp1(callback: Parameters<Connect>[0]): void {
    const adopted = this.#adopt()
    if (adopted) {
      // Whoever asks for a connection does not expect it at once.
      queueMicrotask(() => callback(null, adopted))
      return
    }
    this.#settings.connect((error, socket) => {
      // A target that comes back may be another one: it is asked anew.
      if (error) this.#current = this.#http2
      callback(error, socket)
    })
  }

  #moveToHttp1(socket: Socket): void {
    this.#adoptable.push(socket)
    this.#use('http1')
    for (const { request, receiver } of this.#http2.takeWaiting()) this.#http1.dispatch(request, receiver)
  }

  #use(protocol: 'http1' | 'http2'): void {
    this.#current = protocol === 'http1' ? this.#http1 : this.#http2
    this.#settings.onProtocol(protocol)
  }

  #adopt(): Socket | undefined {
    let socket = this.#adoptable.pop()
    while (socket?.destroyed) socket = this.#adoptable.pop()
    return socket
  }

  #dropAdoptable(): void {
    for (const socket of this.#adoptable.splice(0)) socket.destroy()
  }
}

/** Reads as a failure of the TLS handshake: it is there that the protocol was not agreed on. */
class NoHttp2Error extends Error {
  readonly code = 'ERR_TLS_ALPN'

  constructor() {
    super('the target does not speak HTTP/2')
  }
}
