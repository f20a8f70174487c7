// Which keys there are at each level, and to whom an unknown one may belong.
import type { Plugin } from '../plugin.ts'
import { type ConfigFault, type Path, unknownKey } from './fault.ts'
import { rootKeysOf } from './plugin-root.ts'
import { rootShape } from './root-schema.ts'
import { routeShape, serviceShape } from './service-schema.ts'
import { suggest } from './suggest.ts'

export type Level = 'root' | 'defaults' | 'service' | 'route'

const STRUCTURE: Readonly<Record<Level, ReadonlySet<string>>> = {
  root: new Set(Object.keys(rootShape)),
  defaults: new Set(),
  service: new Set([...Object.keys(serviceShape), 'routes']),
  route: new Set(Object.keys(routeShape)),
}

const HOMES: readonly { readonly level: Level; readonly name: string }[] = [
  { level: 'root', name: 'the root of the config' },
  { level: 'service', name: 'a service' },
  { level: 'route', name: 'a route' },
]

/** Every name that a plugin of the operator may not take. */
export function reservedNames(plugins: readonly Plugin[]): ReadonlySet<string> {
  return new Set([
    ...Object.values(STRUCTURE).flatMap((keys) => [...keys]),
    ...plugins.map(({ name }) => name),
  ])
}

export class KeyKinds {
  readonly #plugins: ReadonlyMap<string, Plugin>
  readonly #rootKeys: ReadonlySet<string>
  readonly #missing: ReadonlySet<string>

  /** `missing` are names of plugins that could not be loaded: keys of theirs have no fault of their own. */
  constructor(plugins: readonly Plugin[], missing: ReadonlySet<string>) {
    this.#missing = missing
    this.#plugins = new Map(plugins.map((plugin) => [plugin.name, plugin]))
    this.#rootKeys = new Set(plugins.flatMap(rootKeysOf))
  }

  isKnown(level: Level, key: string): boolean {
    if (STRUCTURE[level].has(key)) return true
    return level === 'root' ? this.#rootKeys.has(key) : this.#plugins.has(key)
  }

  /** The fault of a key that is neither known at this level nor ignored (`x-*`). */
  refusal(level: Level, path: Path): ConfigFault | undefined {
    const key = String(path.at(-1))
    if (key.startsWith('x-') || this.isKnown(level, key)) return undefined
    if (level !== 'root' && this.#missing.has(key)) return undefined
    return unknownKey(path, this.#home(level, key) ?? suggest(key, this.#known(level)))
  }

  #known(level: Level): readonly string[] {
    return [...STRUCTURE[level], ...(level === 'root' ? this.#rootKeys : this.#plugins.keys())]
  }

  #home(level: Level, key: string): string | undefined {
    if (level === 'root' && this.#plugins.has(key)) return 'write it below "defaults", for every route'
    const home = HOMES.find((one) => one.level !== level && this.isKnown(one.level, key))
    return home && `"${key}" belongs to ${home.name}`
  }
}
