// A limit as written, worked out as far as it does not depend on the request.
import type { Exchange, Layer, LimitCheck, Rate, RateCheck, WindowCheck } from '../../src/plugin.ts'
import { type KeyReader, keyReader } from './key-reader.ts'
import { type LimitSettings, listOf, type RateLimitSettings } from './settings.ts'

export interface Limit {
  /** In response headers, problem documents and metrics; unique on the route. */
  readonly name: string
  /** True when it cannot be told before it is known who the consumer is. */
  readonly needsConsumer: boolean
  /** True when it counts addresses: also whoever does not get past authentication. */
  readonly byAddress: boolean
  readonly exact: boolean
  readonly onStoreError: LimitSettings['onStoreError']
  readonly key: KeyReader
  readonly base: Quota
  readonly tiers: ReadonlyMap<string, Quota>
}

/** How much one key may do: the limit's own, or that of a tier. */
export interface Quota {
  /** Names the bucket together with the key: who set the limit where, and what it is. A reload keeps it. */
  readonly bucket: string
  readonly definition: Definition
  /** Requests at once at most. */
  readonly size: number
  /** `"name";q=100;w=60`. */
  readonly policy: string
  /** `"name";r=`, to be followed by what is left. */
  readonly item: string
}

type Definition = Omit<WindowCheck, 'key' | 'exact'> | Omit<RateCheck, 'key' | 'exact'>

export interface RoutePlace {
  readonly route: string
  readonly service: string
}

/** All limits of a route, outermost level first. Throws when two were given the same name. */
export function compileLimits(
  layers: readonly Layer<RateLimitSettings>[],
  place: RoutePlace,
): readonly Limit[] {
  const written = layers.flatMap((layer) =>
    listOf(layer.settings).map((settings, at) => ({ layer, settings, at })),
  )
  const names = new Set<string>()
  for (const { settings, layer } of written) {
    if (settings.name === undefined) continue
    if (names.has(settings.name)) {
      throw new Error(
        `rateLimit of ${place.route}: ${layer.origin} uses the name "${settings.name}" a second time`,
      )
    }
    names.add(settings.name)
  }
  return written.map(({ layer, settings, at }) => {
    const scope = scopeOf(layer, place)
    const name = settings.name ?? freeName(`${scope.name}-${at + 1}`, names)
    return compileLimit(settings, { name, scope: scope.key, route: place.route })
  })
}

/** The level that set a limit has one set of buckets: a default is not multiplied by the number of routes. */
function scopeOf({ level }: Layer, { route, service }: RoutePlace): { key: string; name: string } {
  if (level === 'defaults') return { key: 'defaults', name: 'defaults' }
  return level === 'service'
    ? { key: `service ${service}`, name: service }
    : { key: `route ${route}`, name: route }
}

// Names of services and routes may hold what a quoted string of RFC 9651 cannot.
function freeName(wanted: string, taken: Set<string>): string {
  const plain = wanted.replace(/[^A-Za-z0-9._:-]/g, '-')
  let name = plain
  for (let count = 2; taken.has(name); count++) name = `${plain}-${count}`
  taken.add(name)
  return name
}

function compileLimit(settings: LimitSettings, place: { name: string; scope: string; route: string }): Limit {
  const { by, tiers = {}, exact, onStoreError } = settings
  const quota = (given: Rate): Quota => compileQuota(definitionOf(settings, given), { ...place, by })
  return {
    name: place.name,
    needsConsumer: by === 'consumer' || settings.tiers !== undefined,
    byAddress: by === 'ip',
    exact,
    onStoreError,
    key: keyReader(by, place.route),
    base: quota((settings.limit ?? settings.rate)!),
    tiers: new Map(Object.entries(tiers).map(([tier, given]) => [tier, quota(given)])),
  }
}

function definitionOf(settings: LimitSettings, { count, periodMs }: Rate): Definition {
  if (!settings.rate) return { kind: 'window', limit: count, windowMs: periodMs }
  // A tier keeps the proportion of burst to count: gold at ten times the rate gets ten times the burst.
  const burst = Math.ceil(((settings.burst ?? settings.rate.count) / settings.rate.count) * count)
  return { kind: 'rate', limit: count, periodMs, burst }
}

function compileQuota(definition: Definition, named: { name: string; scope: string; by: string }): Quota {
  const isWindow = definition.kind === 'window'
  const size = isWindow ? definition.limit : definition.burst
  // A rate is told as its burst and the time in which that comes back: the same average, and r never exceeds q.
  const periodMs = isWindow
    ? definition.windowMs
    : (definition.burst * definition.periodMs) / definition.limit
  return {
    bucket: JSON.stringify([named.scope, named.by, ...Object.values(definition)]),
    definition,
    size,
    policy: `"${named.name}";q=${size};w=${Math.ceil(periodMs / 1000)}`,
    item: `"${named.name}";r=`,
  }
}

export function quotaFor({ tiers, base }: Limit, exchange: Exchange): Quota {
  const tier = exchange.consumer?.tier
  return (tier === undefined ? undefined : tiers.get(tier)) ?? base
}

// Written out: a spread costs more than all the rest of a claim.
export function checkOf({ exact }: Limit, { definition, bucket }: Quota, key: string): LimitCheck {
  if (definition.kind === 'window') {
    const { limit, windowMs } = definition
    return { kind: 'window', key: bucket + key, limit, windowMs, exact }
  }
  const { limit, periodMs, burst } = definition
  return { kind: 'rate', key: bucket + key, limit, periodMs, burst, exact }
}

/** This node's part of a limit that all nodes together must keep: never nothing. */
export function shareOf(check: LimitCheck, nodes: number): LimitCheck {
  const part = (count: number): number => Math.max(1, Math.floor(count / nodes))
  if (check.kind === 'window') return { ...check, limit: part(check.limit) }
  return { ...check, limit: check.limit / nodes, burst: part(check.burst) }
}
