// Pages that are written by hand, but for two columns of their tables: `default`, from the schemas, and `value`, of constants.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { toJsonSchema } from '../../src/config/json-schema.ts'
import { rootShape } from '../../src/config/root-schema.ts'
import { serviceShape } from '../../src/config/service-schema.ts'
import type { Plugin } from '../../src/plugin.ts'
import { type Row, rowsOf, table } from './schema-table.ts'

const TABLE = /(?:^\|.*\n)+/gm
const FILLED = ['default', 'value']
/** As constants of a file are named there: `src/upstream/dial.ts MAX_ATTEMPTS`. */
const CONSTANTS = /^((?:src|plugins)\/\S+\.ts)((?: [A-Z_]+)+)$/

/** From the largest to the smallest: the first one that divides is the one that a value is told in. */
const UNITS: readonly (readonly [RegExp, Readonly<Record<string, number>>])[] = [
  [/_BYTES$/, { MiB: 1024 ** 2, KiB: 1024, B: 1 }],
  [/_MS$/, { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 }],
]

/** What is written for a name in the first column: the key of a config, `plugin.key`, or constants. */
export type Presets = (name: string) => string

/** Throws where a row names what does not exist. */
export function fillDefaults(page: string, presetOf: Presets): string {
  return page.replace(TABLE, (text) => filled(text, presetOf))
}

export function createPresets(plugins: readonly Plugin[], root: string): Presets {
  const presets = new Map(settableRows(plugins).map(({ key, preset }) => [key, preset]))
  return (name) => {
    const [, file, constants] = CONSTANTS.exec(name) ?? []
    if (file && constants)
      return valuesOf(constants.trim().split(' '), readFileSync(join(root, file), 'utf8'))
    const preset = presets.get(name)
    if (preset === undefined) throw new Error(`there is no key and no constant ${name}`)
    return preset === '' || preset === 'required' ? 'none' : preset
  }
}

/** Every key of the root, of a service, and of the plugins: `limits.headers`, `connections.max`, `webSocket.idle`. */
export function settableRows(plugins: readonly Plugin[]): readonly Row[] {
  const shapes = [...Object.entries(rootShape), ...Object.entries(serviceShape)]
  const settings = plugins.map(({ name, settings }) => [name, settings] as const)
  return [...shapes, ...settings].flatMap(([key, schema]) => rowsOf(key, toJsonSchema(schema)))
}

function filled(text: string, presetOf: Presets): string {
  const [head, , ...rows] = text.trimEnd().split('\n').map(cellsOf)
  const column = head!.findIndex((title) => FILLED.includes(title))
  if (column < 0) return text
  const cells = rows.map((row) => row.with(column, presetsIn(row[0]!, presetOf) || row[column]!))
  return `${table(head!, cells)}\n`
}

function presetsIn(cell: string, presetOf: Presets): string {
  return [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => presetOf(name!)).join(', ')
}

function cellsOf(line: string): readonly string[] {
  const cells = line.slice(1, -1).split(/(?<!\\)\|/)
  return cells.map((cell) => cell.trim().replaceAll('\\|', '|'))
}

function valuesOf(names: readonly string[], source: string): string {
  return names.map((name) => `\`${constantIn(name, source)}\``).join(', ')
}

function constantIn(name: string, source: string): string {
  const written = new RegExp(`^(?:export )?const ${name} = (\\d[\\d_]*(?: \\* \\d[\\d_]*)*)$`, 'm').exec(
    source,
  )?.[1]
  if (written === undefined) throw new Error(`there is no constant ${name} that is a number`)
  const value = written
    .replaceAll('_', '')
    .split('*')
    .reduce((product, factor) => product * Number(factor), 1)
  const [, units] = UNITS.find(([ending]) => ending.test(name)) ?? []
  const [unit, size] = Object.entries(units ?? {}).find(([, one]) => value % one === 0) ?? ['', 1]
  return `${value / size}${unit}`
}
