// The JSON Schema of the config, for editors: from the same zod schemas that check it.
import { z } from 'zod'
import type { Plugin } from '../plugin.ts'
import { rootShape } from './root-schema.ts'
import { allowPlaceholders } from './schema-placeholders.ts'
import { routeShape, serviceShape } from './service-schema.ts'

/** Draft 7: what editors for YAML understand best. */
export type JsonSchema = { [key: string]: unknown }

type Shape = Readonly<Record<string, z.ZodType>>
type Properties = Record<string, JsonSchema>

const X_KEYS = { '^x-': {} }

export function createJsonSchema(plugins: readonly Plugin[]): JsonSchema {
  const policies = Object.fromEntries(plugins.map(({ name }) => [name, refer(`plugin.${name}`)]))
  const { use, defaults, services, ...structure } = propertiesOf(rootShape)
  const root: Properties = {
    ...structure,
    ...Object.assign({}, ...plugins.map(rootPropertiesOf)),
    use: { ...use, additionalProperties: { type: 'string' } },
    defaults: { ...closed(policies), description: defaults?.['description'] },
    services: { ...services, additionalProperties: refer('service') },
  }
  const definitions: Properties = {
    service: serviceSchema(policies),
    route: routeSchema(policies),
    ...Object.fromEntries(plugins.map((plugin) => [`plugin.${plugin.name}`, pluginSchema(plugin)])),
  }
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Turnpike gateway',
    ...closed(mapValues(root, allowPlaceholders)),
    definitions: mapValues(definitions, allowPlaceholders),
  }
}

/** The schema of what is written, without defaults filled in. */
export function toJsonSchema(schema: z.ZodType): JsonSchema {
  const { $schema, ...json } = z.toJSONSchema(schema, {
    io: 'input',
    target: 'draft-07',
    unrepresentable: 'any',
  })
  return json
}

/** The keys at the root that belong to a plugin. */
export function rootPropertiesOf(plugin: Plugin): Properties {
  return plugin.root ? ((toJsonSchema(plugin.root)['properties'] as Properties | undefined) ?? {}) : {}
}

function propertiesOf(shape: Shape): Properties {
  return mapValues(shape, toJsonSchema)
}

function serviceSchema(policies: Properties): JsonSchema {
  const routes = { type: 'object', description: 'Routes by name.', additionalProperties: refer('route') }
  return {
    ...closed({ ...propertiesOf(serviceShape), routes, ...policies }),
    description: 'A named backend.',
  }
}

function routeSchema(policies: Properties): JsonSchema {
  const { match, ...actions } = propertiesOf(routeShape)
  const map = { ...closed({ match: match!, ...actions, ...policies }), required: ['match'] }
  const text = { type: 'string', description: '`[METHOD|METHOD ]/path`' }
  return { description: 'What is matched, and what happens to it.', anyOf: [text, map] }
}

function pluginSchema(plugin: Plugin): JsonSchema {
  const settings = toJsonSchema(plugin.settings)
  const branches = Array.isArray(settings['anyOf']) ? settings['anyOf'] : [settings]
  const off = { const: plugin.off ?? false, description: 'Off.' }
  return { description: plugin.summary, anyOf: [...branches, off] }
}

function closed(properties: Properties): JsonSchema {
  return { type: 'object', properties, patternProperties: X_KEYS, additionalProperties: false }
}

function refer(name: string): JsonSchema {
  return { $ref: `#/definitions/${name}` }
}

function mapValues<T, U>(map: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, change(value)]))
}
