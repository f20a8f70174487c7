// The keys at the root of the config that belong to plugins, and what their schemas make of them.
import type { z } from 'zod'
import type { Plugin } from '../plugin.ts'
import { addFindings } from './findings.ts'
import type { LoadState } from './load-state.ts'
import { type ConfigMap, createMap, isMap } from './places.ts'
import { validate } from './validate.ts'
import type { Finding } from './zod-faults.ts'

/** The names in the map that a plugin's `root` schema describes. */
export function rootKeysOf(plugin: Plugin): readonly string[] {
  return plugin.root ? Object.keys(shapeOf(plugin.root)) : []
}

export interface PluginRoots {
  readonly values: ReadonlyMap<string, unknown>
  /** Of plugins with faults there: what is sound, and the faulty entries as they were written, for their names. */
  readonly partial: ReadonlyMap<string, unknown>
}

export function readPluginRoots(plugins: readonly Plugin[], state: LoadState): PluginRoots {
  const values = new Map<string, unknown>()
  const partial = new Map<string, unknown>()
  for (const plugin of plugins) {
    if (!plugin.root) continue
    const map = createMap()
    for (const key of rootKeysOf(plugin)) if (key in state.root) map[key] = state.root[key]
    const verdict = validate(plugin.root, { container: [map], key: 0 }, state.untyped)
    if ('value' in verdict) values.set(plugin.name, verdict.value)
    else {
      addFindings(verdict.findings, [], state)
      const rest = readPartially(plugin.root, { map, findings: verdict.findings }, state)
      if (rest) partial.set(plugin.name, rest)
    }
  }
  return { values, partial }
}

interface FaultyRoot {
  readonly map: ConfigMap
  readonly findings: readonly Finding[]
}

/** Undefined when nothing can be said about the routes: a whole key is wrong, and no entry of it. */
function readPartially(
  schema: z.ZodType,
  { map, findings }: FaultyRoot,
  { untyped }: LoadState,
): object | undefined {
  const entries = findings.map(({ path: [key, name] }) => [String(key), String(name)] as const)
  if (findings.some(({ path: [key, name] }) => typeof name !== 'string' || !isMap(map[String(key)])))
    return undefined
  const sound: ConfigMap = Object.assign(createMap(), map)
  for (const [key, name] of entries) {
    const { [name]: _faulty, ...others } = sound[key] as ConfigMap
    sound[key] = others
  }
  const verdict = validate(schema, { container: [sound], key: 0 }, untyped)
  if (!('value' in verdict)) return undefined
  const value: ConfigMap = { ...(verdict.value as object) }
  for (const [key, name] of entries) {
    value[key] = { ...(value[key] as object), [name]: (map[key] as ConfigMap)[name] }
  }
  return value
}

/** The keys that a schema knows, in any form of its value. */
export function keysOf(schema: z.ZodType): readonly string[] {
  const definition = schema._zod.def as ObjectDefinition
  if (definition.options) return [...new Set(definition.options.flatMap(keysOf))]
  return Object.keys(shapeOf(schema))
}

interface ObjectDefinition {
  readonly type: string
  readonly options?: readonly z.ZodType[]
  readonly shape?: Readonly<Record<string, unknown>>
  readonly in?: z.ZodType
  readonly innerType?: z.ZodType
}

// By shape and not by class: a plugin of another package brings its own copy of zod.
function shapeOf(schema: z.ZodType): Readonly<Record<string, unknown>> {
  const definition = schema._zod.def as ObjectDefinition
  const inner = definition.in ?? definition.innerType
  return definition.shape ?? (inner ? shapeOf(inner) : {})
}
