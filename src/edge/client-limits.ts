// What clients may cost: plain numbers with every default filled in by whoever read them.

export interface ClientLimits {
  readonly headerBytes: number
  readonly headers: number
  readonly urlBytes: number
  readonly headersTimeoutMs: number
  readonly requestTimeoutMs: number
  readonly keepAliveTimeoutMs: number
  readonly connections: number
  readonly connectionsPerClient: number
  /** Undefined: no bound. */
  readonly requestsPerConnection: number | undefined
  /** Bytes per second. */
  readonly bodyRate: number
  readonly bodyGraceMs: number
  readonly callSilenceMs: number
  readonly writeTimeoutMs: number
  readonly http2: {
    readonly streams: number
    readonly resets: number
    readonly resetsPerSecond: number
    readonly memoryBytes: number
  }
}
