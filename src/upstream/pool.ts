// The connections to one target: HTTP/1.1, HTTP/2, or over TLS whichever of them the target chooses.
import { type Connect, createConnect, type PoolSettings, poolOrigin } from './connector.ts'
import { Http1Pool } from './http1/http1-pool.ts'
import { AlpnPool } from './http2/alpn-pool.ts'
import { Http2Pool } from './http2/http2-pool.ts'
import { STREAMS_PER_SESSION } from './http2/session.ts'
import type { TargetPool } from './transmission.ts'

/** Told how many requests may be under way at once, whenever that becomes known or changes. */
export type OnCapacity = (requests: number) => void

/** Throws when a TLS file cannot be read: that refuses the generation. */
export function createPool(settings: PoolSettings, onCapacity: OnCapacity = ignore): TargetPool {
  const { url, connections, protocol = 'auto' } = settings
  const tls = url.startsWith('https:')
  const http2 = url.startsWith('h2c:') || (!tls && protocol === 'http2')
  const capacity = { http1: connections.max, http2: connections.max * STREAMS_PER_SESSION }
  onCapacity(http2 ? capacity.http2 : capacity.http1)
  if (http2) return new Http2Pool(http2Settings(settings))
  const connect = createConnect(settings, ['http/1.1'])
  if (!tls || protocol === 'http1') return new Http1Pool(http1Settings(settings, connect))
  return new AlpnPool({
    http2: http2Settings(settings),
    connect,
    createHttp1: (connectOrAdopt) => new Http1Pool(http1Settings(settings, connectOrAdopt)),
    http1Allowed: protocol === 'auto',
    onProtocol: (chosen) => onCapacity(capacity[chosen]),
  })
}

function http2Settings(settings: PoolSettings) {
  return {
    connect: createConnect(settings, ['h2', 'http/1.1']),
    origin: new URL(poolOrigin(settings.url)),
    maxHeaderBytes: settings.connections.headLimitBytes,
    ...settings.connections,
  }
}

function http1Settings(settings: PoolSettings, connect: Connect) {
  return { connect, host: new URL(poolOrigin(settings.url)).host, ...settings.connections }
}

function ignore(): void {}
