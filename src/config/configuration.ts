// What a config file means once it is read: plain, frozen in shape, every default filled in.
import type { Layer, Plugin } from '../plugin.ts'
import type { ConfigFault } from './fault.ts'
import type { CopiedFiles } from './file-copies.ts'
import type { ListenerConfiguration } from './read-listeners.ts'
import type { LimitsConfiguration } from './to-limits.ts'

export interface LoadOptions {
  /** The built-in plugins, outermost first. */
  readonly plugins: readonly Plugin[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Addresses of the command line, which win over those of the file. */
  readonly addresses?:
    | Partial<Readonly<Record<'listen' | 'status' | 'admin', string | undefined>>>
    | undefined
  /** Checks of the whole configuration that live elsewhere, such as route conflicts. */
  readonly checks?: readonly ConfigurationCheck[] | undefined
  /** Of an earlier load: believed instead of the files. */
  readonly copies?: CopiedFiles | undefined
}

export type ConfigurationCheck = (
  configuration: Configuration,
  options: LoadOptions,
) => readonly ConfigFault[] | Promise<readonly ConfigFault[]>

export interface LoadResult {
  /** Undefined as soon as there is one fault. */
  readonly configuration?: Configuration | undefined
  readonly faults: readonly ConfigFault[]
  readonly warnings: readonly ConfigFault[]
  /** Every file that was read or asked for, and the directories where `include` looks: all to be watched. */
  readonly files: readonly string[]
  /** What they said. */
  readonly copies: CopiedFiles
  /** Faults and warnings as text: position, source line, caret and hint. */
  render(color: boolean): string
}

export interface Configuration {
  /** The root file, absolute. */
  readonly file: string
  /** SHA-256 of the resolved plain data, the same for YAML, JSON and TypeScript. */
  readonly hash: string
  /** `false`: nowhere but at the listeners. */
  readonly listen: string | false
  readonly listeners: readonly ListenerConfiguration[]
  readonly limits: LimitsConfiguration
  readonly status: string
  readonly admin: string
  /** Processes that serve; `auto`: as many as there are cores. */
  readonly workers: number | 'auto'
  readonly redis: string | undefined
  readonly trustProxy: readonly string[]
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  readonly accessLog: boolean
  readonly tracing: { readonly sample: number }
  readonly drain: { readonly delayMs: number; readonly timeoutMs: number }
  readonly services: ReadonlyMap<string, ServiceConfiguration>
  readonly routes: readonly RouteConfiguration[]
  /** Built-in and `use`d ones, outermost first. */
  readonly plugins: readonly Plugin[]
  /** What each plugin's `root` schema made of its keys. */
  readonly root: ReadonlyMap<string, unknown>
  /** Dotted path (`services.orders.targets`, `redis`) -> `file:line`; routes and plugins carry their own. */
  readonly origins: ReadonlyMap<string, string>
  /** Replaces every value that came from a secret. */
  redact(text: string): string
}

export interface TargetConfiguration {
  /** `http://host:port`, `https://host:port`, `h2c://host:port`, `tcp://host:port` or `unix:/path`. */
  readonly url: string
  readonly weight: number
}

export interface CanaryConfiguration {
  /** 0 to 1. */
  readonly percent: number
  readonly targets: readonly TargetConfiguration[]
  readonly stickyBy?: 'consumer' | 'ip' | `header:${string}` | `cookie:${string}` | undefined
}

export interface HealthConfiguration {
  /** '' for `tcp://` targets, which are only connected to. */
  readonly path: string
  readonly everyMs: number
  readonly timeoutMs: number
  readonly healthy: number
  readonly unhealthy: number
  /** Undefined: any 2xx or 3xx. */
  readonly status?: readonly number[] | undefined
}

export interface EjectionConfiguration {
  readonly failures: number
  /** 0 to 1. */
  readonly successRate: number
  readonly windowMs: number
  readonly minimum: number
  readonly baseMs: number
  readonly maxMs: number
}

export interface ConnectionsConfiguration {
  readonly max: number
  readonly connectTimeoutMs: number
  readonly headLimitBytes: number
  readonly idleTimeoutMs: number
  readonly queue: number
}

/** In PEM. */
export interface TlsConfiguration {
  readonly ca?: Buffer | undefined
  readonly cert?: Buffer | undefined
  readonly key?: Buffer | undefined
  readonly serverName?: string | undefined
  /** Of all three. */
  readonly digest: string
}

export interface ServiceConfiguration {
  readonly name: string
  readonly targets: readonly TargetConfiguration[]
  readonly balance: 'p2c' | 'roundRobin'
  readonly protocol: 'auto' | 'http1' | 'http2'
  readonly canary?: CanaryConfiguration | undefined
  readonly health?: HealthConfiguration | undefined
  readonly ejection: EjectionConfiguration | false
  readonly connections: ConnectionsConfiguration
  readonly proxyProtocol?: 'v1' | 'v2' | undefined
  readonly tls?: TlsConfiguration | undefined
  readonly origin: string
}

export interface FieldMatch {
  /** Header names in lower case. */
  readonly name: string
  readonly value: string
}

export interface RouteConfiguration {
  /** `orders.read`: the service's and the route's name. */
  readonly id: string
  readonly name: string
  /** Where it is sent; the enclosing service unless the route names another. */
  readonly service: string
  /** Empty: any host. Exact or `*.suffix`, lower case. */
  readonly hosts: readonly string[]
  /** `/a/:id`, `/a/*` or exact `/a`. */
  readonly path: string
  /** Empty: any method. */
  readonly methods: readonly string[]
  readonly headers: readonly FieldMatch[]
  readonly query: readonly FieldMatch[]
  readonly rewrite?: { readonly path?: string | undefined; readonly host?: string | undefined } | undefined
  readonly redirect?: { readonly to: string; readonly status: 301 | 302 | 303 | 307 | 308 } | undefined
  readonly respond?: RespondConfiguration | undefined
  /** Refused without it. */
  readonly encodedSlashes?: 'allow' | 'refuse' | undefined
  /** Outermost first. */
  readonly plugins: readonly ResolvedPlugin[]
  readonly origin: string
}

export interface RespondConfiguration {
  readonly status: number
  readonly body?: string | undefined
  readonly headers: Readonly<Record<string, string>>
}

/** A plugin that is on for a route, with the value that won and where it was written. */
export interface ResolvedPlugin {
  readonly plugin: Plugin
  /** The nearest level's. */
  readonly settings: unknown
  /** Outermost first; with layering `nearest` just the one that won. */
  readonly layers: readonly Layer[]
  /** Who shares its state: the route's id when set on the route, else the service's name. */
  readonly scope: string
  /** What relative paths in its settings are relative to. */
  readonly directory: string
}
