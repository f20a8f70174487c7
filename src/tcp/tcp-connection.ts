// One client's connection on its way: server name -> service -> target -> bytes both ways -> what it came to.
import type { Socket } from 'node:net'
import type { ConnectionCause } from '../connection-facts.ts'
import { toGatewayError } from '../errors.ts'
import type { Clock } from '../plugin.ts'
import type { ProxiedConnection } from '../proxy-protocol.ts'
import { Splice, type SpliceEnd } from '../splice.ts'
import { awaitClientHello } from './await-hello.ts'
import { UNRECOGNIZED_NAME } from './client-hello.ts'
import type { ListenerRules } from './listener-rules.ts'
import { fatalAlert } from './tls-records.ts'

/** How long a client may take to read an alert and close: a reset at once could overtake it. */
const LINGER_MS = 2000

const SPLICE_CAUSES: Readonly<Record<SpliceEnd, ConnectionCause | undefined>> = {
  ended: undefined,
  clientReset: 'CLIENT_RESET',
  targetReset: 'TARGET_RESET',
  idle: 'IDLE_TIMEOUT',
  lifetime: 'LIFETIME_REACHED',
  cut: 'DRAINED',
}

/** Connects to a target of a service. Rejects with a GatewayError. */
export type Dial = (request: {
  readonly clientIp: string
  readonly connection: ProxiedConnection
  readonly signal: AbortSignal
}) => Promise<{ readonly socket: Socket; readonly target: string }>

export interface TcpConnectionOptions {
  readonly socket: Socket
  readonly clientIp: string
  readonly connection: ProxiedConnection
  readonly rules: ListenerRules
  readonly clock: Clock
  dial(service: string): Dial | undefined
}

export class TcpConnection {
  serverName: string | undefined
  service: string | undefined
  target: string | undefined
  readonly #options: TcpConnectionOptions
  readonly #gone = new AbortController()
  #splice: Splice | undefined
  #cut = false

  constructor(options: TcpConnectionOptions) {
    this.#options = options
    options.socket.once('close', () => this.#gone.abort())
  }

  get bytesIn(): number {
    return this.#splice?.sentTo('target') ?? 0
  }

  get bytesOut(): number {
    return this.#splice?.sentTo('client') ?? 0
  }

  /** The gateway does not wait for its end any longer. */
  cut(): void {
    this.#cut = true
    if (this.#splice) this.#splice.cut()
    else this.#options.socket.resetAndDestroy()
  }

  /** Resolves when it is over, with the reason when it did not end well. Never rejects. */
  async run(): Promise<ConnectionCause | undefined> {
    const cause = (await this.#findService()) ?? (await this.#join())
    return this.#cut ? 'DRAINED' : cause
  }

  async #findService(): Promise<ConnectionCause | undefined> {
    const { rules, socket, clock } = this.#options
    const { settings } = rules
    if (settings.protocol === 'tlsPassthrough') {
      const hello = await awaitClientHello(socket, { clock, timeoutMs: settings.timeouts.helloMs })
      if (hello.kind === 'gone') return this.#refuse('CLIENT_CLOSED')
      if (hello.kind === 'late') return this.#refuse('HELLO_TIMEOUT')
      if (hello.kind === 'invalid') return this.#alert('HELLO_INVALID', hello.alert)
      this.serverName = hello.serverName
    }
    this.service = rules.serviceFor(this.serverName)
    return this.service === undefined ? this.#alert('NAME_UNKNOWN', UNRECOGNIZED_NAME) : undefined
  }

  async #join(): Promise<ConnectionCause | undefined> {
    const { socket, clock, clientIp, connection, rules } = this.#options
    try {
      const dial = this.#options.dial(this.service!)
      if (!dial) return this.#refuse('NO_HEALTHY_TARGET')
      const dialled = await dial({ clientIp, connection, signal: this.#gone.signal })
      this.target = dialled.target
      if (socket.destroyed) dialled.socket.resetAndDestroy()
      if (socket.destroyed) return 'CLIENT_CLOSED'
      this.#splice = new Splice(socket, dialled.socket, { clock, limits: rules.settings.timeouts })
      return SPLICE_CAUSES[await this.#splice.done]
    } catch (thrown) {
      return this.#refuse(toGatewayError(thrown).code)
    }
  }

  /** Not as if anything had ended well. */
  #refuse(cause: ConnectionCause): ConnectionCause {
    this.#options.socket.resetAndDestroy()
    return cause
  }

  #alert(cause: ConnectionCause, description: number): ConnectionCause {
    const { socket, clock } = this.#options
    const timer = clock.after(LINGER_MS, () => socket.destroy())
    socket.once('close', () => timer.cancel())
    socket.resume().end(fatalAlert(description))
    return cause
  }
}
