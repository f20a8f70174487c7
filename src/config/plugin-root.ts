// The keys at the root of the config that belong to plugins, and what their schemas make of them.
import type { z } from 'zod'
import type { Plugin } from '../plugin.ts'
import { addFindings } from './findings.ts'
import type { LoadState } from './load-state.ts'
import { createMap } from './places.ts'
import { validate } from './validate.ts'

/** The names in the map that a plugin's `root` schema describes. */
export function rootKeysOf(plugin: Plugin): readonly string[] {
  return plugin.root ? Object.keys(shapeOf(plugin.root)) : []
}

export interface PluginRoots {
  readonly values: ReadonlyMap<string, unknown>
  /** Plugins whose root keys have faults: nothing can be said about their routes. */
  readonly faulty: ReadonlySet<string>
}

export function readPluginRoots(plugins: readonly Plugin[], state: LoadState): PluginRoots {
  const values = new Map<string, unknown>()
  const faulty = new Set<string>()
  for (const plugin of plugins) {
    if (!plugin.root) continue
    const map = createMap()
    for (const key of rootKeysOf(plugin)) if (key in state.root) map[key] = state.root[key]
    const verdict = validate(plugin.root, { container: [map], key: 0 }, state.untyped)
    if ('value' in verdict) values.set(plugin.name, verdict.value)
    else {
      faulty.add(plugin.name)
      addFindings(verdict.findings, [], state)
    }
  }
  return { values, faulty }
}

interface ObjectDefinition {
  readonly type: string
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
