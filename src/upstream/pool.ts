// The connections to one target: an undici pool per target and TLS identity, HTTP/1.1, pipelining 1.
import { readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { buildConnector, Pool } from 'undici'
import { tolerateContinue } from './interim-response.ts'
import { failOnReset } from './reset.ts'
import type { ConnectionSettings, TlsSettings } from './settings.ts'

/** Bytes of a response head (RFC 9110 sets none); more is answered UPSTREAM_INVALID_RESPONSE. */
const MAX_RESPONSE_HEADER_BYTES = 32 * 1024

export interface PoolSettings {
  readonly url: string
  readonly connections: ConnectionSettings
  readonly tls?: TlsSettings | undefined
}

/** Throws when a TLS file cannot be read: that refuses the generation. */
export function createPool(settings: PoolSettings): Pool {
  const socketPath = settings.url.startsWith('unix:') ? settings.url.slice('unix:'.length) : undefined
  return new Pool(poolOrigin(settings.url), {
    connections: settings.connections.max,
    pipelining: 1,
    keepAliveTimeout: settings.connections.idleTimeoutMs,
    maxHeaderSize: MAX_RESPONSE_HEADER_BYTES,
    // Attempt and deadline are timed per request (transfer.ts), on a finer clock than undici's.
    headersTimeout: 0,
    allowH2: false,
    connect: createConnector(settings, socketPath),
  })
}

/** What undici calls the origin: unix sockets need some valid name. */
export function poolOrigin(url: string): string {
  return url.startsWith('unix:') ? 'http://unix.invalid' : url
}

function createConnector(settings: PoolSettings, socketPath: string | undefined): buildConnector.connector {
  const connect = buildConnector({
    timeout: settings.connections.connectTimeoutMs,
    allowH2: false,
    ...(socketPath === undefined ? {} : { socketPath }),
    ...tlsOptions(settings),
  })
  const servername = sentName(settings) ?? ''
  return (options, callback) =>
    connect({ ...options, servername }, (error, socket) => {
      if (error) callback(error, null)
      else callback(null, failOnReset(tolerateContinue(socket)))
    })
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
