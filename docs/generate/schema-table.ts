// A JSON Schema as rows of a Markdown table: key, type, default, what it is.
import { type JsonSchema, toJsonSchema } from '../../src/config/json-schema.ts'
import { duration, percent, rate, size } from '../../src/units.ts'

export interface Row {
  readonly key: string
  readonly type: string
  readonly preset: string
  readonly description: string
}

const UNITS: ReadonlyMap<unknown, string> = new Map([
  [toJsonSchema(duration)['pattern'], 'duration'],
  [toJsonSchema(rate)['pattern'], 'rate'],
  [toJsonSchema(percent)['pattern'], 'share'],
  [toJsonSchema(size)['pattern'], 'size'],
])

const TYPES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'number',
  integer: 'whole number',
  boolean: '`true` or `false`',
}

/** The rows of one key and of everything below it. */
export function rowsOf(key: string, schema: JsonSchema, required = false): readonly Row[] {
  const own: Row = {
    key,
    type: typeOf(schema),
    preset: required ? 'required' : presetOf(schema),
    description: String(schema['description'] ?? ''),
  }
  return [own, ...rowsBelow(key, schema)]
}

/** The rows of what an object, a list of objects, or one of several forms holds. */
export function rowsBelow(key: string, schema: JsonSchema): readonly Row[] {
  const rows = new Map<string, Row>()
  for (const { prefix, object } of objectsIn(key, schema)) {
    const required = new Set((object['required'] as string[] | undefined) ?? [])
    for (const [name, child] of Object.entries(propertiesOf(object))) {
      const below = rowsOf(prefix === '' ? name : `${prefix}.${name}`, child, required.has(name))
      for (const row of below) rows.set(row.key, merged(rows.get(row.key), row))
    }
  }
  return [...rows.values()]
}

/** One key of several forms, as a single row: each form may want another word. */
function merged(known: Row | undefined, row: Row): Row {
  if (!known || known.type === row.type || !known.type.startsWith('`')) return known ?? row
  const preset = known.preset === row.preset ? row.preset : ''
  return { ...known, type: `${known.type}, ${row.type}`, preset }
}

export function keyTable(rows: readonly Row[]): string {
  const cells = rows.map(({ key, type, preset, description }) => [`\`${key}\``, type, preset, description])
  return table(['key', 'type', 'default', 'what it is'], cells)
}

/** In columns of even width, as the formatter keeps them. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [head, ...rows].map((row) => row.map(cell))
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]!.length)))
  const line = (row: readonly string[]) =>
    `| ${row.map((text, at) => text.padEnd(widths[at]!)).join(' | ')} |`
  const rule = line(widths.map((width) => '-'.repeat(width)))
  const [first, ...others] = cells.map(line)
  return [first, rule, ...others].join('\n')
}

/** The forms of a union, or the schema itself. */
export function formsOf(schema: JsonSchema): readonly JsonSchema[] {
  const forms = (schema['anyOf'] ?? schema['oneOf']) as JsonSchema[] | undefined
  return forms ? forms.flatMap(formsOf) : [schema]
}

/** In words: `duration`, `list of texts`, `map`. */
export function typeOf(schema: JsonSchema): string {
  return [...new Set(formsOf(schema).map(typeOfForm))].join(' or ')
}

function typeOfForm(schema: JsonSchema): string {
  if (schema['const'] !== undefined) return literal(schema['const'])
  if (Array.isArray(schema['enum'])) return schema['enum'].map(literal).join(', ')
  const unit = UNITS.get(schema['pattern'])
  if (unit) return unit
  if (schema['type'] === 'array')
    return `list of ${typeOf((schema['items'] as JsonSchema | undefined) ?? {})}`
  if (schema['type'] === 'object') return 'map'
  return TYPES[String(schema['type'])] ?? 'any'
}

function presetOf(schema: JsonSchema): string {
  const preset = schema['default']
  const isPlain = preset !== undefined && preset !== '' && (typeof preset !== 'object' || preset === null)
  return isPlain ? literal(preset) : Array.isArray(preset) && preset.length > 0 ? literal(preset) : ''
}

function literal(value: unknown): string {
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``
}

interface ObjectPart {
  readonly prefix: string
  readonly object: JsonSchema
}

function objectsIn(prefix: string, schema: JsonSchema): readonly ObjectPart[] {
  return formsOf(schema).flatMap((form): readonly ObjectPart[] => {
    if (form['type'] === 'array') return objectsIn(prefix, (form['items'] as JsonSchema | undefined) ?? {})
    const named = form['additionalProperties']
    const below = typeof named === 'object' ? objectsIn(joined(prefix, '<name>'), named as JsonSchema) : []
    return form['type'] === 'object' ? [{ prefix, object: form }, ...below] : []
  })
}

function joined(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}.${name}`
}

function propertiesOf(object: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return (object['properties'] as Record<string, JsonSchema> | undefined) ?? {}
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
