// Reads a config with everything it refers to, and tells all that is wrong with it at once.

import type { Steps } from '../pace.ts'
import { refuseAdminTargets } from './admin-targets.ts'
import type { Configuration, LoadOptions, LoadResult } from './configuration.ts'
import type { ConfigFault } from './fault.ts'
import { includeFiles } from './include.ts'
import { KeyKinds, reservedNames } from './key-kinds.ts'
import { addLevel, type LevelReading, type Standings } from './layers.ts'
import { LoadState } from './load-state.ts'
import { locateFaults } from './locate-faults.ts'
import { isMap } from './places.ts'
import { type PluginRoots, readPluginRoots } from './plugin-root.ts'
import { SettingsReader } from './plugin-settings.ts'
import { checkProtocols } from './protocol-targets.ts'
import { readConfigFile } from './read-file.ts'
import { readListeners } from './read-listeners.ts'
import { type ReadServices, readServices } from './read-services.ts'
import { renderFaults } from './render-faults.ts'
import { rootShape } from './root-schema.ts'
import { RoutePlugins } from './route-plugins.ts'
import { readStructure } from './structure.ts'
import { checkTcp } from './tcp-services.ts'
import { checkTls } from './tls-files.ts'
import { toConfiguration } from './to-configuration.ts'
import { loadUsedPlugins, type UsedPlugins } from './used-plugins.ts'
import { show } from './zod-wording.ts'

export async function loadConfiguration(file: string, options: LoadOptions): Promise<LoadResult> {
  const state = new LoadState(file, options)
  const configuration = (await readRoot(state)) ? await readAll(state) : undefined
  for (const check of configuration ? (options.checks ?? []) : []) {
    for (const fault of await check(configuration!, options)) {
      if (fault.isWarning) state.list.warn(fault)
      else state.list.add(fault)
    }
  }
  return toResult(configuration, state)
}

async function readRoot(state: LoadState): Promise<boolean> {
  const { file, path, list } = state
  const read = await readConfigFile({ file, path, included: false }, state)
  if (!read) return false
  state.rootSource = read.source
  if (isMap(read.value)) state.root = read.value
  else
    list.add({
      path: [],
      message: `${file} holds ${show(read.value)}`,
      hint: 'write at least "services:"',
      whole: true,
    })
  return isMap(read.value)
}

/** What could be read, with faults or without. */
async function readAll(state: LoadState): Promise<Configuration> {
  const used = await loadUsedPlugins(reservedNames(state.options.plugins), state)
  const kinds = new KeyKinds(used.plugins, used.missing)
  for (const key of Object.keys(state.root)) {
    const fault = kinds.refusal('root', [key])
    if (fault) state.list.add(fault)
  }
  const root = readStructure(rootShape, { map: state.root, path: [] }, state)
  if (root.include) await includeFiles(root.include, state)
  if (!('services' in state.root)) state.list.add(missingService())
  const roots = readPluginRoots(used.plugins, state)
  const read = await state.pace.through(readServicesOf({ used, kinds, roots }, state))
  refuseAdminTargets(read.services, root.admin, state)
  checkTls(read.services, state)
  checkProtocols(read.services, state)
  const listeners = readListeners(root.listeners ?? {}, state)
  checkTcp({ ...read, listeners }, state)
  return state.pace.through(toConfiguration({ root, roots, used, read, listeners }, state))
}

function missingService(): ConfigFault {
  return {
    path: [],
    message: 'the config needs "services"',
    hint: 'services: { name: { targets: [...], routes: {...} } }',
    whole: true,
  }
}

interface PluginFacts {
  readonly used: UsedPlugins
  readonly kinds: KeyKinds
  readonly roots: PluginRoots
}

function* readServicesOf({ used, kinds, roots }: PluginFacts, state: LoadState): Steps<ReadServices> {
  const readers = new Map(
    used.plugins.map((plugin, at) => [plugin.name, new SettingsReader(plugin, at, state)]),
  )
  const plugins = new RoutePlugins(used.plugins, roots, state)
  const defaults = readDefaults(kinds, { readers, state })
  const services = state.root['services']
  const serviceNames = new Set(isMap(services) ? Object.keys(services) : [])
  const read = yield* readServices(defaults, { kinds, plugins, serviceNames, readers, state })
  plugins.finish()
  return read
}

function readDefaults(kinds: KeyKinds, { readers, state }: LevelReading): Standings {
  const map = state.root['defaults']
  if (!isMap(map)) return []
  for (const key of Object.keys(map)) {
    const fault = kinds.refusal('defaults', ['defaults', key])
    if (fault) state.list.add(fault)
  }
  return addLevel([], { level: 'defaults', map, path: ['defaults'] }, { readers, state })
}

function toResult(configuration: Configuration | undefined, state: LoadState): LoadResult {
  const faults = locateFaults(state.list.faults, state)
  const warnings = locateFaults(state.list.warnings, state)
  return {
    configuration: faults.length === 0 ? configuration : undefined,
    faults,
    warnings,
    files: [...state.files],
    copies: state.copies.taken,
    render: (color) => renderFaults({ faults, warnings }, color),
  }
}
