// Connecting to a target: over TCP, TLS or a unix socket, verified the same way whatever is spoken afterwards.
import { isIP, type NetConnectOpts, connect as openSocket, type Socket } from 'node:net'
import {
  type ConnectionOptions,
  checkServerIdentity,
  createSecureContext,
  connect as openTls,
} from 'node:tls'
import { guardedLookup } from '../guarded-lookup.ts'
import { openBuffered } from './inlet.ts'
import type { ConnectionSettings, Protocol, TlsSettings } from './settings.ts'

export interface PoolSettings {
  readonly url: string
  readonly connections: ConnectionSettings
  readonly tls?: TlsSettings | undefined
  readonly protocol?: Protocol | undefined
}

/** Calls back once: with a connection that is ready, or with why there is none. */
export type Connect = (callback: (error: Error | null, socket: Socket | null) => void) => void

/** A peer that vanished without a word is noticed although nobody sends. */
const KEEP_ALIVE_MS = 60_000
/** What TLS gives at once; more would only wait in memory. */
const TLS_RECORD_BYTES = 16 * 1024

/** Throws when a certificate or key is none: that refuses the generation. `protocols`: offered in TLS, the best first. */
export function createConnect(settings: PoolSettings, protocols: readonly string[]): Connect {
  const tls = settings.url.startsWith('https:')
  const open = tls ? tlsOpener(settings, protocols) : plainOpener(settings.url, protocols)
  const ready = tls ? 'secureConnect' : 'connect'
  const { connectTimeoutMs } = settings.connections
  return (callback) => {
    const socket = open()
    let settled = false
    const settle = (error: Error | null) => {
      if (settled) return
      settled = true
      clearTimeout(timer)
      callback(error, error ? null : socket)
    }
    const timer = setTimeout(() => socket.destroy(new ConnectTimeout()), connectTimeoutMs)
    socket.setNoDelay(true)
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    // Stays: whoever takes the socket over may be late to listen, and an error that nobody hears ends the process.
    socket.on('error', settle)
    socket.once(ready, () => settle(null))
  }
}

class ConnectTimeout extends Error {
  readonly code = 'ETIMEDOUT'

  constructor() {
    super('the target took no connection in time')
  }
}

/** The host of a URL as the system takes it: without the brackets of IPv6. */
function hostOf(url: string): string {
  return new URL(url).hostname.replace(/^\[(.*)\]$/, '$1')
}

function plainOpener(url: string, protocols: readonly string[]): () => Socket {
  const options: NetConnectOpts = url.startsWith('unix:')
    ? { path: url.slice('unix:'.length) }
    : { host: hostOf(url), port: Number(new URL(poolOrigin(url)).port) || 80, lookup: guardedLookup }
  // Node's HTTP/2 reads the connection itself.
  return protocols.includes('h2') ? () => openSocket(options) : () => openBuffered(options)
}

function tlsOpener({ url, tls }: PoolSettings, protocols: readonly string[]): () => Socket {
  const expected = serverName(url, tls)!.replace(/^\[(.*)\]$/, '$1')
  const options: ConnectionOptions & { readonly highWaterMark: number } = {
    host: hostOf(url),
    port: Number(new URL(url).port) || 443,
    lookup: guardedLookup,
    // RFC 6066 section 3: an address is not sent as a server name; it is verified against the certificate all the same.
    servername: isIP(expected) ? '' : expected,
    checkServerIdentity: (_host, certificate) => checkServerIdentity(expected, certificate),
    ALPNProtocols: [...protocols],
    highWaterMark: TLS_RECORD_BYTES,
    // Verified always: a switch to turn this off would be found in production.
    rejectUnauthorized: true,
    // Once, and not for each connection.
    secureContext: createSecureContext({ ca: tls?.ca, cert: tls?.cert, key: tls?.key }),
  }
  let session: Buffer | undefined
  return () => {
    const socket = openTls(session ? { ...options, session } : options)
    // The next handshake is shorter by a round trip of certificates.
    socket.on('session', (latest) => {
      session = latest
    })
    return socket
  }
}

/** The address as a URL of HTTP; unix sockets need some valid name. */
export function poolOrigin(url: string): string {
  if (url.startsWith('unix:')) return 'http://unix.invalid'
  return url.replace(/^h2c:/, 'http:')
}

/** The name or address that the target's certificate must carry; undefined without TLS. */
export function serverName(url: string, tls: TlsSettings | undefined): string | undefined {
  return url.startsWith('https:') ? (tls?.serverName ?? new URL(url).hostname) : undefined
}
