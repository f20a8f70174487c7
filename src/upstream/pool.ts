// The connections to one target: HTTP/1.1, HTTP/2, or over TLS whichever of them the target chooses.
import type { Socket } from 'node:net'
import { Pool } from 'undici'
import { createConnect, createConnector, type PoolSettings, poolOrigin } from './connector.ts'
import { AlpnPool } from './http2/alpn-pool.ts'
import { Http2Pool } from './http2/http2-pool.ts'
import { STREAMS_PER_SESSION } from './http2/session.ts'
import { tolerateContinue } from './interim-response.ts'
import { failOnReset } from './reset.ts'
import type { TargetPool } from './target.ts'

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
  if (!tls || protocol === 'http1') return createHttp1Pool(settings)
  return new AlpnPool({
    http2: http2Settings(settings),
    createHttp1: (adopt, onFailed) => createHttp1Pool(settings, { adopt, onFailed }),
    http1Allowed: protocol === 'auto',
    onProtocol: (chosen) => onCapacity(capacity[chosen]),
  })
}

function http2Settings(settings: PoolSettings) {
  return {
    connect: createConnect(settings),
    origin: new URL(poolOrigin(settings.url)),
    maxHeaderBytes: settings.connections.headLimitBytes,
    ...settings.connections,
  }
}

interface Handover {
  /** A connection that has been made already. */
  adopt(): Socket | undefined
  onFailed(): void
}

/** An undici pool per target and TLS identity, pipelining 1. */
function createHttp1Pool(settings: PoolSettings, handover?: Handover): Pool {
  const connector = createConnector(settings)
  return new Pool(poolOrigin(settings.url), {
    connections: settings.connections.max,
    pipelining: 1,
    keepAliveTimeout: settings.connections.idleTimeoutMs,
    maxHeaderSize: settings.connections.headLimitBytes,
    // Attempt and deadline are timed per request (transfer.ts), on a finer clock than undici's.
    headersTimeout: 0,
    allowH2: false,
    connect(options, callback) {
      const adopted = handover?.adopt()
      if (adopted) {
        queueMicrotask(() => callback(null, tempered(adopted)))
        return
      }
      connector(options, (error, socket) => {
        if (error) {
          handover?.onFailed()
          callback(error, null)
        } else callback(null, tempered(socket))
      })
    },
  })
}

function tempered<S extends Socket>(socket: S): S {
  return failOnReset(tolerateContinue(socket))
}

function ignore(): void {}
