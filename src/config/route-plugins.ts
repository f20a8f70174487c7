// The plugins of one route: resolved from its standings, ordered, checked.
import { dirname } from 'node:path'
import type { Fault, Plugin } from '../plugin.ts'
import type { ResolvedPlugin } from './configuration.ts'
import { dotted, type Path } from './fault.ts'
import { failureMessage } from './import-module.ts'
import type { PlacedLayer, Standing, Standings } from './layers.ts'
import type { LoadState } from './load-state.ts'
import type { PluginRoots } from './plugin-root.ts'

/** The route that plugins are resolved for. */
export interface RoutePlace {
  readonly id: string
  readonly path: Path
  /** Who shares the state of plugins that an outer level has set. */
  readonly outerScope: string
}

export class RoutePlugins {
  readonly #plugins: readonly Plugin[]
  readonly #roots: PluginRoots
  readonly #state: LoadState
  readonly #required: ReadonlySet<Plugin>
  readonly #resolved = new Map<string, Map<Standing, ResolvedPlugin>>()
  readonly #outerFaults = new Map<string, OuterFault>()

  constructor(plugins: readonly Plugin[], roots: PluginRoots, state: LoadState) {
    this.#plugins = plugins
    this.#roots = roots
    this.#state = state
    this.#required = new Set(plugins.filter((plugin) => this.#isRequired(plugin)))
  }

  /** Outermost first. */
  resolve(standings: Standings, route: RoutePlace): readonly ResolvedPlugin[] {
    this.#check(standings, route)
    const resolved: ResolvedPlugin[] = []
    for (const [index, plugin] of this.#plugins.entries()) {
      const standing = standings[index]
      if (standing && standing.layers.length > 0) resolved.push(this.#resolveOne(plugin, standing, route))
      else if (this.#required.has(plugin) && !standing?.none && !standing?.faulty) this.#refuse(plugin, route)
    }
    return resolved
  }

  /** Tells the faults of outer levels, each once, with the routes that it shows at. */
  finish(): void {
    for (const { path, message, hint, routes } of this.#outerFaults.values()) {
      const others = routes.length > 1 ? ` and ${routes.length - 1} more` : ''
      const where = `in the route ${routes[0]}${others}`
      this.#state.list.add({
        path,
        message,
        hint: hint ? `${hint} (${where})` : where,
      })
    }
  }

  #isRequired(plugin: Plugin): boolean {
    if (!plugin.required || !this.#knowsRoot(plugin)) return false
    try {
      return plugin.required(this.#rootOf(plugin))
    } catch (error) {
      if (this.#roots.partial.has(plugin.name)) return false
      const message = `the plugin ${plugin.name} failed: ${failureMessage(error)}`
      this.#state.list.add({ path: ['use', plugin.name], message, whole: true })
      return false
    }
  }

  #knowsRoot({ name, root }: Plugin): boolean {
    return !root || this.#roots.values.has(name) || this.#roots.partial.has(name)
  }

  #rootOf({ name }: Plugin): unknown {
    return this.#roots.values.get(name) ?? this.#roots.partial.get(name)
  }

  #refuse(plugin: Plugin, { path }: RoutePlace): void {
    const message = `${dotted(path)} needs "${plugin.name}"`
    const hint = plugin.off === undefined ? undefined : `or, to leave it out: ${plugin.name}: ${plugin.off}`
    this.#state.list.add({ path, message, hint, atKey: true, whole: true })
  }

  #resolveOne(plugin: Plugin, standing: Standing, { id, outerScope }: RoutePlace): ResolvedPlugin {
    const nearest = standing.layers.at(-1)!
    if (nearest.layer.level === 'route') return this.#create(plugin, standing, id)
    const known = this.#resolved.get(outerScope) ?? new Map()
    this.#resolved.set(outerScope, known)
    const resolved = known.get(standing) ?? this.#create(plugin, standing, outerScope)
    known.set(standing, resolved)
    return resolved
  }

  #create(plugin: Plugin, { layers }: Standing, scope: string): ResolvedPlugin {
    const nearest = layers.at(-1)!
    // Paths in settings that refer to root keys (a provider's key file) were written in the root file.
    const file = plugin.root ? this.#state.path : nearest.file
    return {
      plugin,
      settings: nearest.layer.settings,
      layers: layers.map(({ layer }) => layer),
      scope,
      directory: dirname(file),
    }
  }

  #check(standings: Standings, route: RoutePlace): void {
    const identifies = this.#identifies(standings)
    for (const [index, plugin] of this.#plugins.entries()) {
      const standing = standings[index]
      if (!standing || !plugin.check || !this.#knowsRoot(plugin)) continue
      const facts = { root: this.#rootOf(plugin), identifies }
      const isPartial = this.#roots.partial.has(plugin.name)
      for (const layer of standing.layers) {
        for (const fault of layer.reading.check(plugin, facts, isPartial))
          this.#addFault(fault, { plugin, layer, route })
      }
    }
  }

  /** One with a fault counts: what it was meant to do is clear. */
  #identifies(standings: Standings): boolean {
    return this.#plugins.some(({ stage }, index) => {
      const standing = standings[index]
      return stage === 'identity' && standing !== undefined && (standing.layers.length > 0 || standing.faulty)
    })
  }

  #addFault(fault: Fault, { plugin, layer, route }: FaultPlace): void {
    const { message, hint } = fault
    const path = [...layer.levelPath, plugin.name, ...fault.path]
    if (layer.layer.level === 'route') {
      this.#state.list.add({ path, message, hint })
      return
    }
    const key = JSON.stringify([path, message])
    const known = this.#outerFaults.get(key) ?? { path, message, hint, routes: [] }
    this.#outerFaults.set(key, known)
    known.routes.push(route.id)
  }
}

interface FaultPlace {
  readonly plugin: Plugin
  readonly layer: PlacedLayer
  readonly route: RoutePlace
}

interface OuterFault {
  readonly path: Path
  readonly message: string
  readonly hint: string | undefined
  readonly routes: string[]
}
