// Connecting to a target: over TCP, TLS or a unix socket, verified the same way whatever is spoken afterwards.
import { readFileSync } from 'node:fs'
import { isIP, type Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { buildConnector } from 'undici'
import type { ConnectionSettings, Protocol, TlsSettings } from './settings.ts'

export interface PoolSettings {
  readonly url: string
  readonly connections: ConnectionSettings
  readonly tls?: TlsSettings | undefined
  readonly protocol?: Protocol | undefined
}

/** Calls back once: with a connection that is ready, or with why there is none. */
export type Connect = (callback: (error: Error | null, socket: Socket | TLSSocket | null) => void) => void

/** Throws when a TLS file cannot be read: that refuses the generation. `allowH2`: offered in TLS beside HTTP/1.1. */
export function createConnector(settings: PoolSettings, { allowH2 = false } = {}): buildConnector.connector {
  const { url, connections } = settings
  const connect = buildConnector({
    timeout: connections.connectTimeoutMs,
    allowH2,
    preferH2: allowH2,
    ...(url.startsWith('unix:') ? { socketPath: url.slice('unix:'.length) } : {}),
    ...tlsOptions(settings),
  } as buildConnector.BuildOptions)
  const servername = sentName(settings) ?? ''
  return (options, callback) => connect({ ...options, servername }, callback)
}

/** The same, bound to the address of the target. */
export function createConnect(settings: PoolSettings): Connect {
  const { hostname, host, protocol, port } = new URL(poolOrigin(settings.url))
  const connector = createConnector(settings, { allowH2: true })
  const options = { hostname: hostname.replace(/^\[(.*)\]$/, '$1'), host, protocol, port }
  return (callback) => connector(options, callback as buildConnector.Callback)
}

/** The address as a URL of HTTP; unix sockets need some valid name. */
export function poolOrigin(url: string): string {
  if (url.startsWith('unix:')) return 'http://unix.invalid'
  return url.replace(/^h2c:/, 'http:')
}

function tlsOptions({ url, tls }: PoolSettings): object {
  if (!url.startsWith('https:')) return {}
  return {
    // Verified always: a switch to turn this off would be found in production.
    rejectUnauthorized: true,
    ...(tls?.caFile === undefined ? {} : { ca: readFileSync(tls.caFile) }),
    ...(tls?.certFile === undefined ? {} : { cert: readFileSync(tls.certFile) }),
    ...(tls?.keyFile === undefined ? {} : { key: readFileSync(tls.keyFile) }),
  }
}

// RFC 6066 section 3: an address is not sent as a server name; it is verified against the certificate all the same.
function sentName({ url, tls }: PoolSettings): string | undefined {
  const name = serverName(url, tls)
  return name === undefined || isIP(name.replace(/^\[|\]$/g, '')) ? undefined : name
}

/** The name or address that the target's certificate must carry; undefined without TLS. */
export function serverName(url: string, tls: TlsSettings | undefined): string | undefined {
  return url.startsWith('https:') ? (tls?.serverName ?? new URL(url).hostname) : undefined
}
