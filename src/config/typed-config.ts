// The TypeScript form of a config: what an editor completes and a compiler refuses before the gateway ever reads it.
import type { z } from 'zod'
import type { listener } from './listener-schema.ts'
import type { PlaceholderText } from './placeholders.ts'
import type { rootShape } from './root-schema.ts'
import type { routeShape, serviceShape } from './service-schema.ts'

type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'OPTIONS'
export type PathPattern = `/${string}`
/** `[METHOD[|METHOD] ]/path`. */
export type MatchText = PathPattern | `${Method}${'' | `|${string}`} ${PathPattern}`

type Address =
  | `http://${string}`
  | `https://${string}`
  | `tcp://${string}:${number}`
  | `unix:/${string}`
  | PlaceholderText
type Target = Address | { readonly url: Address; readonly weight?: number }
/** At least one. */
type Targets = readonly [Target, ...Target[]]

/** Keys of a schema, as they are written. */
type Written<S extends Readonly<Record<string, z.ZodType>>> = { readonly [K in keyof S]?: z.input<S[K]> }

export interface MatchMap {
  readonly path: PathPattern
  readonly methods?: readonly Method[]
  readonly host?: string | readonly string[]
  readonly headers?: Readonly<Record<string, string>>
  readonly query?: Readonly<Record<string, string>>
}

type RouteKeys = Omit<Written<typeof routeShape>, 'match'>

/** `Policies` are the keys of plugins, `Services` the names that are defined. */
export type Route<Policies, Services extends string> = Omit<RouteKeys, 'service'> &
  Policies & { readonly match: MatchText | MatchMap; readonly service?: NoInfer<Services> }

type ServiceKeys = Omit<Written<typeof serviceShape>, 'host' | 'targets' | 'canary'>

interface Canary {
  readonly percent: number | `${number}%` | PlaceholderText
  readonly targets: Targets
  readonly stickyBy?: 'consumer' | 'ip' | `header:${string}` | `cookie:${string}`
}

export type Service<Policies, Services extends string> = ServiceKeys &
  Policies & {
    readonly host?: string | readonly string[]
    readonly targets?: Targets
    readonly canary?: Canary
    readonly routes?: Readonly<Record<string, MatchText | Route<Policies, Services>>>
  }

type RootKeys = Omit<
  Written<typeof rootShape>,
  'use' | 'defaults' | 'services' | 'include' | 'trustProxy' | 'listeners'
>

export type TypedConfig<Policies, Services extends string> = RootKeys & {
  readonly include?: string | readonly string[]
  readonly trustProxy?: readonly string[]
  readonly listeners?: Readonly<Record<string, z.input<typeof listener>>>
  readonly defaults?: Policies
  readonly services?: { readonly [S in Services]: Service<Policies, Services> }
}
