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

/** Names of the keys in which two configurations differ. */
export function changedFixedKeys(running: Configuration, next: Configuration): readonly string[] {
  return Object.entries(FIXED_KEYS)
    .filter(
      ([, field]) => JSON.stringify(running[field], withoutTls) !== JSON.stringify(next[field], withoutTls),
    )
    .map(([key]) => key)
}

/** For a process that starts later than others, which run with what the first configuration said. */
export function fixedPart(first: Configuration): FixedPart {
  const fields = Object.values(FIXED_KEYS).map((field) => [field, first[field]])
  return JSON.parse(JSON.stringify(Object.fromEntries(fields), withoutTls))
}

export function withFixedPart(configuration: Configuration, fixed: FixedPart): Configuration {
  const listeners = fixed.listeners.flatMap((listener) => withTls(listener, configuration.listeners))
  return { ...configuration, ...fixed, listeners }
}

// Certificates and whom they are for may change at any time.
function withoutTls(key: string, value: unknown): unknown {
  return key === 'tls' ? undefined : value
}

/** A listener whose certificates stand in no config any more is left to those that have them. */
function withTls(
  fixed: ListenerConfiguration,
  now: readonly ListenerConfiguration[],
): ListenerConfiguration[] {
  if (fixed.protocol !== 'https') return [fixed]
  const same = now.find((one) => one.protocol === 'https' && one.name === fixed.name)
  return same?.protocol === 'https' ? [{ ...fixed, tls: same.tls }] : []
}
