// The last step of a load: what was read, as one plain Configuration.

import type { Steps } from '../pace.ts'
import { hashConfig } from './config-hash.ts'
import type { Configuration } from './configuration.ts'
import type { LoadState } from './load-state.ts'
import { isMap } from './places.ts'
import type { PluginRoots } from './plugin-root.ts'
import type { ListenerConfiguration } from './read-listeners.ts'
import type { ReadServices } from './read-services.ts'
import type { rootShape } from './root-schema.ts'
import type { Structure } from './structure.ts'
import { toLimits } from './to-limits.ts'
import type { UsedPlugins } from './used-plugins.ts'

export interface ConfigurationParts {
  readonly root: Structure<typeof rootShape>
  readonly roots: PluginRoots
  readonly used: UsedPlugins
  readonly read: ReadServices
  readonly listeners: readonly ListenerConfiguration[]
}

/** A key with a fault is left empty: the result is then seen by checks only. */
export function* toConfiguration(parts: ConfigurationParts, state: LoadState): Steps<Configuration> {
  const { root, roots, used, read, listeners } = parts
  return {
    file: state.path,
    hash: yield* hashConfig(state.root, used.identities, state.contents),
    listen: root.listen ?? '',
    listeners,
    limits: toLimits(root.limits),
    status: root.status ?? '',
    admin: root.admin ?? '',
    workers: root.workers ?? 1,
    redis: root.redis || undefined,
    trustProxy: root.trustProxy ?? [],
    logLevel: root.log ?? 'info',
    accessLog: root.accessLog ?? true,
    tracing: { sample: root.tracing?.sample ?? 1 },
    drain: { delayMs: root.drain?.delay ?? 0, timeoutMs: root.drain?.timeout ?? 0 },
    services: read.services,
    routes: read.routes,
    plugins: used.plugins,
    root: roots.values,
    origins: collectOrigins(state),
    redact: (text) => state.secrets.redact(text),
  }
}

function collectOrigins({ root, places }: LoadState): ReadonlyMap<string, string> {
  const origins = new Map<string, string>()
  for (const key of Object.keys(root)) origins.set(key, places.origin(root, key))
  const services = isMap(root['services']) ? root['services'] : {}
  for (const [name, service] of Object.entries(services)) {
    origins.set(`services.${name}`, places.origin(services, name))
    for (const key of isMap(service) ? Object.keys(service) : []) {
      origins.set(`services.${name}.${key}`, places.origin(service, key))
    }
  }
  return origins
}
