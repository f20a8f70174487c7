// What a config may say besides the plain values of its schema: `${...}` in every scalar, and `x-*` in every map.
import type { JsonSchema } from './json-schema.ts'

const PLACEHOLDER = '\\$\\{'

/** The same schema, for values that are filled in later. */
export function allowPlaceholders(schema: JsonSchema): JsonSchema {
  const copy: JsonSchema = {}
  for (const [key, value] of Object.entries(schema))
    copy[key] = key === 'propertyNames' ? value : descend(value)
  if (Array.isArray(copy['enum'])) return orPlaceholder(copy)
  if (copy['const'] !== undefined) return copy
  if (typeof copy['pattern'] === 'string') copy['pattern'] = `(?:${copy['pattern']})|${PLACEHOLDER}`
  const { type } = copy
  if (type === 'number' || type === 'integer' || type === 'boolean') {
    copy['type'] = [type, 'string']
    copy['pattern'] = PLACEHOLDER
  }
  if (copy['additionalProperties'] === false && !copy['patternProperties'])
    copy['patternProperties'] = { '^x-': {} }
  return copy
}

function descend(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(descend)
  return typeof value === 'object' && value !== null ? allowPlaceholders(value as JsonSchema) : value
}

function orPlaceholder({ description, default: preset, ...words }: JsonSchema): JsonSchema {
  const either = { anyOf: [words, { type: 'string', pattern: PLACEHOLDER }] }
  return {
    ...(description === undefined ? {} : { description }),
    ...(preset === undefined ? {} : { default: preset }),
    ...either,
  }
}
