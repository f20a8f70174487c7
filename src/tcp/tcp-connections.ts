// All connections of all listeners of raw connections: who may come in, what is open, what they have come to.
import type { Socket } from 'node:net'
import type { ConnectionCause, ConnectionFacts } from '../connection-facts.ts'
import { normalizeIp } from '../ip-address.ts'
import type { Clock } from '../plugin.ts'
import type { ProxiedConnection } from '../proxy-protocol.ts'
import type { ListenerRules } from './listener-rules.ts'
import { OpenConnections } from './open-connections.ts'
import { type Dial, TcpConnection, type TcpConnectionOptions } from './tcp-connection.ts'

export interface TcpOptions {
  readonly clock: Clock
  /** Of the current generation; undefined when its config has no such listener any more. */
  rules(listener: string): ListenerRules | undefined
  /** Of the current generation. */
  dial(service: string): Dial | undefined
  record(facts: ConnectionFacts): void
}

export interface ListenerState {
  readonly listener: string
  readonly open: number
  readonly bytesIn: number
  readonly bytesOut: number
}

interface Held {
  readonly connections: OpenConnections
  readonly open: Map<TcpConnection, Promise<void>>
  /** Of connections that are over. */
  bytesIn: number
  bytesOut: number
}

export class TcpConnections {
  readonly #options: TcpOptions
  /** By listener: as many as were opened. */
  readonly #held = new Map<string, Held>()

  constructor(options: TcpOptions) {
    this.#options = options
  }

  get open(): number {
    let open = 0
    for (const held of this.#held.values()) open += held.open.size
    return open
  }

  *states(): Iterable<ListenerState> {
    for (const [listener, { open, bytesIn, bytesOut }] of this.#held) {
      const state = { listener, open: open.size, bytesIn, bytesOut }
      for (const connection of open.keys()) {
        state.bytesIn += connection.bytesIn
        state.bytesOut += connection.bytesOut
      }
      yield state
    }
  }

  /** Resolves when the last one is over. */
  async cutAll(): Promise<void> {
    const runs = [...this.#held.values()].flatMap(({ open }) => [...open])
    for (const [connection] of runs) connection.cut()
    await Promise.all(runs.map(([, run]) => run))
  }

  /** `proxied` is who has connected, and where to, in the words of a trusted proxy. */
  accept(listener: string, socket: Socket, proxied?: ProxiedConnection): void {
    // Stays to the end: what an error means is read from the `close` that follows it.
    socket.on('error', () => {})
    const connection = proxied ?? connectionOf(socket)
    const clientIp = normalizeIp(connection.sourceAddress) ?? connection.sourceAddress
    const held = this.#heldOf(listener)
    const rules = this.#options.rules(listener)
    const refusal = rules ? refusalOf(rules, clientIp, held.connections) : 'NO_HEALTHY_TARGET'
    if (rules && refusal === undefined) {
      socket.once('close', held.connections.take(clientIp))
      this.#carry({ socket, clientIp, connection, rules }, { listener, held })
    } else {
      socket.resetAndDestroy()
      this.#options.record({ ...NOTHING, listener, clientIp, cause: refusal })
    }
  }

  #carry(
    arrived: Pick<TcpConnectionOptions, 'socket' | 'clientIp' | 'connection' | 'rules'>,
    { listener, held }: { readonly listener: string; readonly held: Held },
  ): void {
    const { clock, dial, record } = this.#options
    const startedAt = clock.now()
    const one = new TcpConnection({ ...arrived, clock, dial })
    const run = one.run().then((cause) => {
      const { bytesIn, bytesOut, serverName, service, target } = one
      held.open.delete(one)
      held.bytesIn += bytesIn
      held.bytesOut += bytesOut
      const durationMs = clock.now() - startedAt
      const { clientIp } = arrived
      record({ listener, clientIp, serverName, service, target, bytesIn, bytesOut, durationMs, cause })
    })
    held.open.set(one, run)
  }

  #heldOf(listener: string): Held {
    const known = this.#held.get(listener)
    if (known) return known
    const made = {
      connections: new OpenConnections(),
      open: new Map<TcpConnection, Promise<void>>(),
      bytesIn: 0,
      bytesOut: 0,
    }
    this.#held.set(listener, made)
    return made
  }
}

const NOTHING = {
  serverName: undefined,
  service: undefined,
  target: undefined,
  bytesIn: 0,
  bytesOut: 0,
  durationMs: 0,
}

function refusalOf(
  rules: ListenerRules,
  clientIp: string,
  connections: OpenConnections,
): ConnectionCause | undefined {
  return rules.allows(clientIp) ? connections.refusal(clientIp, rules.settings.limits) : 'ADDRESS_FORBIDDEN'
}

function connectionOf(socket: Socket): ProxiedConnection {
  return {
    sourceAddress: socket.remoteAddress ?? '',
    sourcePort: socket.remotePort ?? 0,
    destinationAddress: socket.localAddress ?? '',
    destinationPort: socket.localPort ?? 0,
  }
}
