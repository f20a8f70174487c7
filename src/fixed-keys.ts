// What a running gateway cannot change: the config's keys that need a restart.
import type { Configuration } from './config/configuration.ts'
import type { ListenerConfiguration } from './config/read-listeners.ts'

/** The config's key -> the field that it becomes. */
const FIXED_KEYS = {
  listen: 'listen',
  listeners: 'listeners',
  limits: 'limits',
  status: 'status',
  admin: 'admin',
  redis: 'redis',
  log: 'logLevel',
  accessLog: 'accessLog',
  tracing: 'tracing',
  workers: 'workers',
} as const satisfies Record<string, keyof Configuration>

/** Plain data. */
export type FixedPart = Pick<Configuration, (typeof FIXED_KEYS)[keyof typeof FIXED_KEYS]>

/** Names of the keys in which a configuration differs from what is running. */
export function changedFixedKeys(running: FixedPart, next: Configuration): readonly string[] {
  const after = fixedPart(next)
  return Object.entries(FIXED_KEYS)
    .filter(([, field]) => JSON.stringify(running[field]) !== JSON.stringify(after[field]))
    .map(([key]) => key)
}

/** What a process runs with for as long as it lives, and with it one that starts later than others. */
export function fixedPart(first: Configuration): FixedPart {
  const fields = Object.values(FIXED_KEYS).map((field) => [field, first[field]])
  const listeners = first.listeners.map(withoutLiveKeys)
  return JSON.parse(JSON.stringify({ ...Object.fromEntries(fields), listeners }))
}

export function withFixedPart(configuration: Configuration, fixed: FixedPart): Configuration {
  const listeners = fixed.listeners.flatMap((listener) => withLiveKeys(listener, configuration.listeners))
  return { ...configuration, ...fixed, listeners }
}

/** Of a listener: what a reload changes for whoever connects from then on. */
const LIVE_KEYS: ReadonlySet<string> = new Set(['tls', 'services', 'allow', 'deny', 'limits', 'timeouts'])

function withoutLiveKeys(listener: ListenerConfiguration): object {
  return Object.fromEntries(Object.entries(listener).filter(([key]) => !LIVE_KEYS.has(key)))
}

/** A listener whose live keys stand in no config any more is left to those that have them. */
function withLiveKeys(
  fixed: ListenerConfiguration,
  now: readonly ListenerConfiguration[],
): ListenerConfiguration[] {
  if (fixed.protocol === 'http' || fixed.protocol === 'h2c') return [fixed]
  const same = now.find(({ name, protocol }) => name === fixed.name && protocol === fixed.protocol)
  return same ? [{ ...same, ...fixed } as ListenerConfiguration] : []
}
