// A target over TLS that chooses in the handshake whether HTTP/2 or HTTP/1.1 is spoken (RFC 7301).
import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { Dispatcher } from 'undici'
import type { Connect } from '../connector.ts'
import { Http2Pool, type Http2PoolSettings } from './http2-pool.ts'

export interface AlpnPoolSettings {
  readonly http2: Http2PoolSettings
  /** `adopt` gives a connection that was made to find out; `onFailed`: the target could not be reached. */
  createHttp1(adopt: () => Socket | undefined, onFailed: () => void): Dispatcher
  /** False: a target that does not choose HTTP/2 is an error. */
  readonly http1Allowed: boolean
  onProtocol(chosen: 'http1' | 'http2'): void
}

export class AlpnPool extends Dispatcher {
  readonly #settings: AlpnPoolSettings
  readonly #http2: Http2Pool
  readonly #http1: Dispatcher
  /** Connections made for HTTP/2 that turned out to be of HTTP/1.1; as many as were dialled at once. */
  readonly #adoptable: Socket[] = []
  #current: Dispatcher

  constructor(settings: AlpnPoolSettings) {
    super()
    this.#settings = settings
    this.#http1 = settings.createHttp1(
      () => this.#adopt(),
      // A target that comes back may be another one: it is asked anew.
      () => {
        this.#current = this.#http2
      },
    )
    this.#http2 = new Http2Pool({ ...settings.http2, connect: (callback) => this.#connect(callback) })
    this.#current = this.#http2
  }

  get closed(): boolean {
    return this.#http2.closed
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    // WebSocket over HTTP/2 (RFC 8441) is not spoken: what speaks both speaks HTTP/1.1 for it.
    const pool = options.upgrade && this.#settings.http1Allowed ? this.#http1 : this.#current
    return pool.dispatch(options, handler)
  }

  override async close(): Promise<void> {
    await Promise.all([this.#http1.close(), this.#http2.close()])
    this.#dropAdoptable()
  }

  override async destroy(): Promise<void> {
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

  #moveToHttp1(socket: Socket): void {
    this.#adoptable.push(socket)
    this.#use('http1')
    for (const { options, handler } of this.#http2.takeWaiting()) this.#http1.dispatch(options, handler)
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
