// What a listener of raw connections is made of, as plain data with every default filled in.

export interface TcpListenerSettings {
  readonly name: string
  readonly protocol: 'tcp' | 'tlsPassthrough'
  /** Server name -> service: exact, `*.suffix`, or `*` for every other name and none. For `tcp` only `*`. */
  readonly services: ReadonlyMap<string, string>
  /** Addresses and networks; undefined: everybody. */
  readonly allow?: readonly string[] | undefined
  /** Wins over `allow`. */
  readonly deny?: readonly string[] | undefined
  readonly limits: ConnectionLimits
  readonly timeouts: TcpTimeouts
}

export interface ConnectionLimits {
  /** Open at the same time. */
  readonly max: number
  /** The same for one client; IPv6 clients are counted by their network of 64 bits. */
  readonly perAddress: number
}

export interface TcpTimeouts {
  /** Until the TLS hello must be there. */
  readonly helloMs: number
  readonly idleMs: number
  readonly halfOpenMs: number
  readonly lifetimeMs: number
}
