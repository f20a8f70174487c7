// `use`: the operator's own plugins, each a file or package with the same contract as the built-in ones.
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import type { z } from 'zod'
import { type Plugin, STAGES, type Stage } from '../plugin.ts'
import type { Path } from './fault.ts'
import { failureMessage, failurePosition, importModule } from './import-module.ts'
import type { LoadState } from './load-state.ts'
import { createMap, isMap } from './places.ts'
import { suggest } from './suggest.ts'
import { show } from './zod-wording.ts'

const NAME = /^[a-z][A-Za-z0-9]*$/

export interface UsedPlugins {
  /** Built-in and used ones, outermost first. */
  readonly plugins: readonly Plugin[]
  /** name -> what it is, for the hash of the configuration. */
  readonly identities: Readonly<Record<string, string>>
  /** Names under `use` that stand for no plugin, because of a fault there. */
  readonly missing: ReadonlySet<string>
}

export async function loadUsedPlugins(reserved: ReadonlySet<string>, state: LoadState): Promise<UsedPlugins> {
  const builtIn = state.options.plugins
  const used: Plugin[] = []
  const identities: Record<string, string> = {}
  const use = isMap(state.root['use']) ? state.root['use'] : createMap()
  const missing = new Set(Object.keys(use))
  for (const name of Object.keys(use)) {
    if (!isFree(name, reserved, state)) continue
    const loaded = await loadOne(name, use[name], state)
    if (!loaded) continue
    used.push(loaded.plugin)
    identities[name] = loaded.identity
    missing.delete(name)
  }
  return { plugins: inOrder(builtIn, used), identities, missing }
}

function isFree(name: string, reserved: ReadonlySet<string>, state: LoadState): boolean {
  const path: Path = ['use', name]
  if (!NAME.test(name)) {
    const hint = 'letters and digits, the first one small: audit, myPlugin'
    state.list.add({
      path,
      message: `"${name}" cannot be the name of a plugin`,
      hint,
      atKey: true,
      whole: true,
    })
  } else if (reserved.has(name)) {
    const message = `"${name}" is the name of a key or plugin already`
    state.list.add({ path, message, hint: 'give it another name', atKey: true, whole: true })
  } else return true
  return false
}

interface Loaded {
  readonly plugin: Plugin
  readonly identity: string
}

async function loadOne(name: string, value: unknown, state: LoadState): Promise<Loaded | undefined> {
  const path: Path = ['use', name]
  if (typeof value === 'string') return importPlugin(name, value, state)
  const plugin = typeof value === 'object' ? toPlugin(name, value) : undefined
  if (plugin) return { plugin, identity: 'given by the config module' }
  const message = `${show(value)} is not a plugin`
  state.list.add({ path, message, hint: 'write the file or package that it is in' })
  return undefined
}

async function importPlugin(name: string, written: string, state: LoadState): Promise<Loaded | undefined> {
  const path: Path = ['use', name]
  try {
    const file = locate(written, state)
    state.files.add(file)
    const { exports, hash } = await importModule(file)
    const exported = exports[name] ?? exports['default'] ?? exports['plugin']
    const plugin = toPlugin(name, exported)
    if (plugin) return { plugin, identity: `${written}#${hash}` }
    const message =
      exported === undefined ? `${written} exports no plugin` : `${written}: ${whyNoPlugin(exported)}`
    const hint = `export const ${name}: Plugin = { name, stage, summary, settings, create }`
    state.list.add({ path, message, hint })
  } catch (error) {
    state.list.add({ path, ...whyNotLoaded(written, error, state) })
  }
  return undefined
}

function whyNotLoaded(written: string, error: unknown, state: LoadState): { message: string; hint?: string } {
  const { code, path } = error as NodeJS.ErrnoException
  const file = resolve(state.directory, written)
  // Not what the file itself looks for in vain.
  if (code === 'ENOENT' && path === file) {
    return { message: `${written} does not exist`, hint: `looked for at ${file}` }
  }
  if (code === 'MODULE_NOT_FOUND' && !isFile(written)) {
    return { message: `no package ${written} is installed`, hint: `for a file: ./${written}` }
  }
  const { line } = failurePosition(error, file, written)
  const hint = line === undefined ? {} : { hint: `look at ${written}:${line}` }
  return { message: `${written} cannot be loaded: ${failureMessage(error)}`, ...hint }
}

function isFile(written: string): boolean {
  return written.startsWith('.') || written.startsWith('/')
}

function locate(written: string, state: LoadState): string {
  return isFile(written) ? resolve(state.directory, written) : createRequire(state.path).resolve(written)
}

/** Under the name of its key, whatever it calls itself. */
function toPlugin(name: string, exported: unknown): Plugin | undefined {
  if (whyNoPlugin(exported) !== undefined) return undefined
  const plugin = exported as Plugin
  return plugin.name === name ? plugin : Object.create(plugin, { name: { value: name, enumerable: true } })
}

function whyNoPlugin(exported: unknown): string | undefined {
  if (typeof exported !== 'object' || exported === null) return 'what it exports is not a plugin'
  const { stage, settings, create } = exported as Partial<Plugin>
  if (!STAGES.includes(stage as Stage)) {
    return `${show(stage)} is not a stage: ${suggest(String(stage), STAGES, 'write one of') ?? ''}`
  }
  if (typeof create !== 'function') return 'the plugin has no function "create"'
  return isSchema(settings) ? undefined : 'the plugin has no zod schema "settings"'
}

// By shape: a plugin of another package brings its own copy of zod.
function isSchema(value: unknown): value is z.ZodType {
  return typeof (value as { safeParse?: unknown } | undefined)?.safeParse === 'function'
}

/** A used plugin comes after the built-in ones of its stage. */
function inOrder(builtIn: readonly Plugin[], used: readonly Plugin[]): readonly Plugin[] {
  const ordered = [...builtIn]
  for (const plugin of used) {
    const rank = STAGES.indexOf(plugin.stage)
    const at = ordered.findLastIndex((one) => STAGES.indexOf(one.stage) <= rank)
    ordered.splice(at + 1, 0, plugin)
  }
  return ordered
}
