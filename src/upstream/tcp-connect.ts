// Opens one TCP connection within a time, for dialling and for health checks.
import { connect, type Socket } from 'node:net'
import { GatewayError } from '../errors.ts'
import { guardedLookup } from '../guarded-lookup.ts'
import type { Clock } from '../plugin.ts'
import { toFailure } from './failure.ts'

/** A peer that vanished without a word is noticed although nobody sends: long before any idle time is over. */
const KEEP_ALIVE_MS = 60_000

export interface ConnectOptions {
  readonly clock: Clock
  readonly timeoutMs: number
  /** Gives up when it is aborted; of no meaning any more once connected. */
  readonly signal?: AbortSignal
}

/** Resolves with the failure instead of rejecting: a refused connection is an ordinary outcome. */
export function connectTcp(
  { host, port }: { readonly host: string; readonly port: number },
  { clock, timeoutMs, signal }: ConnectOptions,
): Promise<Socket | GatewayError> {
  return new Promise((resolve) => {
    const name = host.replace(/^\[|\]$/g, '')
    const socket = connect({ host: name, port, allowHalfOpen: true, noDelay: true, lookup: guardedLookup })
    const giveUp = () => socket.destroy(new GatewayError('CLIENT_CLOSED', { unprocessed: true }))
    signal?.addEventListener('abort', giveUp)
    const settle = (outcome: Socket | GatewayError) => {
      timer.cancel()
      signal?.removeEventListener('abort', giveUp)
      resolve(outcome)
    }
    const timer = clock.after(timeoutMs, () =>
      socket.destroy(new GatewayError('UPSTREAM_CONNECT_TIMEOUT', { unprocessed: true })),
    )
    // Stays: whoever takes the socket over learns of later errors by its `close`.
    socket.on('error', (error) => settle(toFailure(error, false)))
    socket.once('connect', () => {
      socket.setKeepAlive(true, KEEP_ALIVE_MS)
      settle(socket)
    })
  })
}
