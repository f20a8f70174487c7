// A connection to one of a service's targets, for bytes and not for requests: one that refuses is passed over.
import type { Socket } from 'node:net'
import { GatewayError } from '../errors.ts'
import { HeaderList } from '../headers.ts'
import type { Clock } from '../plugin.ts'
import { encodeProxyHeader, type ProxiedConnection, type ProxyProtocolVersion } from '../proxy-protocol.ts'
import type { FailureLog } from './failure-log.ts'
import type { Pick } from './sides.ts'
import type { Target } from './target.ts'
import { connectTcp } from './tcp-connect.ts'

/** Nothing was sent to those that refuse, so that any number may be tried; the client waits meanwhile. */
const MAX_ATTEMPTS = 5

export interface DialRequest {
  readonly clientIp: string
  /** What a PROXY protocol header says, where the service wants one. */
  readonly connection: ProxiedConnection
  /** Aborted when the client has gone away. */
  readonly signal: AbortSignal
}

export interface Dialled {
  /** Half-open; the caller's to close. */
  readonly socket: Socket
  /** The target's address as it is written. */
  readonly target: string
  readonly attempts: number
}

/** Rejects with a GatewayError. */
export type Dial = (request: DialRequest) => Promise<Dialled>

export interface DialOptions {
  readonly clock: Clock
  readonly failures: FailureLog
  readonly connectTimeoutMs: number
  readonly proxyProtocol: ProxyProtocolVersion | undefined
  readonly pick: Pick<Target>
}

export function createDial(options: DialOptions): Dial {
  return async (request) => {
    const caller = { clientIp: request.clientIp, consumer: undefined, headers: NO_HEADERS }
    const tried = new Set<string>()
    let failure = new GatewayError('NO_HEALTHY_TARGET')
    while (tried.size < MAX_ATTEMPTS) {
      const target = options.pick(caller, tried)
      if (!target || tried.has(target.url)) break
      if (!target.hasRoom()) throw new GatewayError('UPSTREAM_QUEUE_FULL')
      tried.add(target.url)
      const outcome = await attempt(target, request, options)
      if (!(outcome instanceof GatewayError))
        return { socket: outcome, target: target.url, attempts: tried.size }
      failure = outcome
      if (request.signal.aborted) break
    }
    throw failure
  }
}

const NO_HEADERS = new HeaderList()

async function attempt(
  target: Target,
  { connection, signal }: DialRequest,
  { clock, failures, connectTimeoutMs, proxyProtocol }: DialOptions,
): Promise<Socket | GatewayError> {
  const startedAt = clock.now()
  target.onPick()
  const outcome = await connectTcp(target.facts, { clock, timeoutMs: connectTimeoutMs, signal })
  const durationMs = clock.now() - startedAt
  if (outcome instanceof GatewayError) {
    target.onEnd()
    if (signal.aborted) target.onIgnored()
    else {
      target.onFailure(durationMs)
      failures.note(target.url, outcome)
    }
    return outcome
  }
  target.onSuccess(durationMs)
  outcome.once('close', () => target.onEnd())
  if (proxyProtocol) outcome.write(encodeProxyHeader(proxyProtocol, connection))
  return outcome
}
