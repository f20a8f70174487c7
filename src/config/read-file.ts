// One config file, whatever its format, as plain data with placeholders filled in.
import { extname } from 'node:path'
import type { ConfigFault } from './fault.ts'
import { failureMessage, failurePosition, importModule } from './import-module.ts'
import type { LoadState } from './load-state.ts'
import { toPlainData } from './module-values.ts'
import { parseYaml } from './parse-yaml.ts'
import { isMap } from './places.ts'
import { readText } from './read-text.ts'
import { Source } from './source.ts'
import { type Substitution, substituteAt } from './substitute.ts'

const MODULES: ReadonlySet<string> = new Set(['.ts', '.mts', '.js', '.mjs'])
const TEXTS: ReadonlySet<string> = new Set(['.yaml', '.yml', '.json'])

export interface FileOnDisk {
  /** As the user would type it. */
  readonly file: string
  /** Absolute. */
  readonly path: string
  /** Named by `include`: no code, and no files from elsewhere. */
  readonly included: boolean
}

export interface ReadFile {
  readonly source: Source
  readonly value: unknown
}

/** Undefined when it cannot be read at all; the faults say why. */
export async function readConfigFile(wanted: FileOnDisk, state: LoadState): Promise<ReadFile | undefined> {
  const extension = extname(wanted.path).toLowerCase()
  state.files.add(wanted.path)
  const isModule = MODULES.has(extension) && !wanted.included
  if (!isModule && !TEXTS.has(extension)) return refuseFormat(wanted, state)
  const read = isModule ? await readModule(wanted, state) : await readYaml(wanted, state)
  if (read) await substitute(read, wanted, state)
  return read
}

async function readYaml(wanted: FileOnDisk, state: LoadState): Promise<ReadFile | undefined> {
  const source = await readSource(wanted, state)
  if (!source) return undefined
  const { value, broken, faults } = await state.pace.through(parseYaml(source, state.places))
  for (const fault of faults) state.list.add(fault)
  for (const fault of broken) state.list.addBroken(fault)
  return value === undefined ? undefined : { source, value }
}

async function readModule(wanted: FileOnDisk, state: LoadState): Promise<ReadFile | undefined> {
  const { file, path } = wanted
  if (!(await readSource(wanted, state))) return undefined
  try {
    const { exports } = await importModule(path)
    if (exports['default'] === undefined) return refuseExports(wanted, state)
    // Without the text: where a value was written cannot be told from the module.
    const source = new Source(file, path)
    const { value, faults } = toPlainData(exports['default'], source, state.places)
    for (const fault of faults) state.list.addBroken(fault)
    return value === undefined ? undefined : { source, value }
  } catch (error) {
    const message = `${file} cannot be loaded: ${failureMessage(error)}`
    state.list.add({ path: [], message, whole: true, position: failurePosition(error, path, file) })
    return undefined
  }
}

function refuseExports({ file }: FileOnDisk, state: LoadState): undefined {
  const hint = 'write export default defineConfig({ ... })'
  state.list.add({
    path: [],
    message: `${file} has no default export`,
    hint,
    whole: true,
    position: { file },
  })
}

async function readSource({ file, path }: FileOnDisk, state: LoadState): Promise<Source | undefined> {
  const copied = state.copies.text(path)
  if (copied !== undefined) return new Source(file, path, copied)
  const read = await readText(file, path)
  if ('source' in read) {
    state.copies.keepText(path, read.source.text ?? '')
    return read.source
  }
  state.list.add(read.fault)
  return undefined
}

function refuseFormat({ file, included }: FileOnDisk, state: LoadState): undefined {
  const hint = included
    ? 'an included file is .yaml, .yml or .json'
    : 'write .yaml, .yml, .json, .ts, .mts, .js or .mjs'
  state.list.add({
    path: [],
    message: `${file} has no format that is known`,
    hint,
    whole: true,
    position: { file },
  })
}

async function substitute({ source, value }: ReadFile, wanted: FileOnDisk, state: LoadState): Promise<void> {
  if ((source.text !== undefined && !source.text.includes('${')) || !isMap(value)) return
  const { places, list, secrets, files, copies, untyped, options, directory } = state
  const located = (fault: ConfigFault) => ({ position: places.position(value, fault.path, false), ...fault })
  const substitution: Substitution = {
    env: options.env,
    secrets,
    files,
    copies,
    untyped,
    refuse: (fault) => list.addBroken(located(fault)),
    warn: (warning) => list.warn(located(warning)),
  }
  const jail = wanted.included ? directory : undefined
  for (const key of Object.keys(value)) {
    // What is ignored may hold anything, also a variable that nobody has set.
    if (key.startsWith('x-')) continue
    const scope = { path: [], file: wanted.path, jail }
    await state.pace.through(substituteAt(value, key, scope, substitution))
  }
}
