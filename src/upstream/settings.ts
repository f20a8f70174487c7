// What a service is made of, as plain data with every default filled in.

export interface TargetSettings {
  /** `http://host:port`, `https://host:port`, `h2c://host:port`, `unix:/path` or `tcp://host:port`. */
  readonly url: string
  readonly weight: number
}

export interface CanarySettings {
  /** 0 to 1. */
  readonly percent: number
  readonly targets: readonly TargetSettings[]
  /** `consumer`, `ip`, `header:<name>` or `cookie:<name>`; without it each request is drawn anew. */
  readonly stickyBy?: string | undefined
}

export interface HealthSettings {
  /** Asked for of HTTP targets; `tcp://` ones are only connected to. */
  readonly path: string
  readonly everyMs: number
  readonly timeoutMs: number
  /** Successes in a row until a target is healthy again. */
  readonly healthy: number
  /** Failures in a row until a target is unhealthy. */
  readonly unhealthy: number
  /** Accepted statuses; undefined: any 2xx or 3xx. */
  readonly status?: readonly number[] | undefined
}

export interface EjectionSettings {
  /** Failures in a row that eject a target. */
  readonly failures: number
  /** Ejected as well when fewer than this share succeed over the window. */
  readonly successRate: number
  readonly windowMs: number
  /** Requests in the window before the share counts. */
  readonly minimum: number
  readonly baseMs: number
  readonly maxMs: number
}

export interface ConnectionSettings {
  /** Open connections per target. */
  readonly max: number
  /** Requests that may wait for one of them, per target. */
  readonly queue: number
  readonly connectTimeoutMs: number
  /** Bytes of a response head; more is answered UPSTREAM_INVALID_RESPONSE (RFC 9110 sets no limit). */
  readonly headLimitBytes: number
  readonly idleTimeoutMs: number
}

/** In PEM. */
export interface TlsSettings {
  readonly ca?: Buffer | undefined
  readonly cert?: Buffer | undefined
  readonly key?: Buffer | undefined
  readonly serverName?: string | undefined
  /** Of all three: with other ones it is another service. */
  readonly digest: string
}

/** `auto`: what the target chooses in the TLS handshake; without TLS what the address says. */
export type Protocol = 'auto' | 'http1' | 'http2'

export interface ServiceSettings {
  readonly name: string
  readonly targets: readonly TargetSettings[]
  readonly balance: 'p2c' | 'roundRobin'
  readonly canary?: CanarySettings | undefined
  readonly health?: HealthSettings | undefined
  readonly ejection: EjectionSettings | false
  readonly connections: ConnectionSettings
  readonly tls?: TlsSettings | undefined
  readonly protocol?: Protocol | undefined
  /** Said at the start of each connection to a `tcp://` target. */
  readonly proxyProtocol?: 'v1' | 'v2' | undefined
}
