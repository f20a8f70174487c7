// Everything a route has switched on, as placed hooks: its plugins, and its own rewrite, redirect or response.
import { createHash } from 'node:crypto'
import { resolve } from 'node:path'
import type { ResolvedPlugin, RouteConfiguration } from './config/configuration.ts'
import { HeaderList } from './headers.ts'
import type { KeptState } from './kept-state.ts'
import type { Clock, Exchange, Hooks, Logger, Meter, PlacedHooks, PluginContext, Store } from './plugin.ts'
import { compileRedirect } from './routing/redirect.ts'
import { compileRewrite } from './routing/rewrite.ts'

/** What plugins are given, besides what differs from route to route. */
export interface HookEnvironment {
  readonly clock: Clock
  readonly random: () => number
  readonly logger: Logger
  readonly meter: Meter
  readonly store: Store
  readonly localStore: Store
  readonly nodes: () => number
  readonly ofNode: (total: number) => number
  readonly states: KeptState
}

export interface HookOwner {
  /** Stands for the generation that the hooks belong to, and leads to nothing: what holds their kept state. */
  readonly holder: object
  /** Parsed root keys by plugin name. */
  readonly root: ReadonlyMap<string, unknown>
}

/** What a plugin's `create` threw, for which route and where the config switched the plugin on. */
export class CreateError extends Error {
  /** `file:line`. */
  readonly origin: string
  /** The message without the origin. */
  readonly complaint: string

  constructor(who: string, origin: string, cause: unknown) {
    const complaint = `${who}: ${cause instanceof Error ? cause.message : String(cause)}`
    super(`${origin}: ${complaint}`, { cause })
    this.name = 'CreateError'
    this.origin = origin
    this.complaint = complaint
  }
}

export function createRouteHooks(
  route: RouteConfiguration,
  environment: HookEnvironment,
  owner: HookOwner,
): readonly PlacedHooks[] {
  const fromPlugins = route.plugins.flatMap((resolved) =>
    createHooks(route, resolved, { environment, owner }),
  )
  return [...fromPlugins, ...ownActions(route)]
}

interface Surroundings {
  readonly environment: HookEnvironment
  readonly owner: HookOwner
}

function createHooks(
  route: RouteConfiguration,
  resolved: ResolvedPlugin,
  surroundings: Surroundings,
): readonly PlacedHooks[] {
  const { plugin } = resolved
  const made = create(route, resolved, surroundings)
  return isPlaced(made) ? made : [{ ...made, stage: plugin.stage }]
}

function create(route: RouteConfiguration, resolved: ResolvedPlugin, surroundings: Surroundings) {
  const { plugin, settings, layers } = resolved
  try {
    return plugin.create(settings, createContext(route, resolved, surroundings))
  } catch (cause) {
    throw new CreateError(`${route.id}: ${plugin.name}`, layers.at(-1)?.origin ?? route.origin, cause)
  }
}

function isPlaced(made: Hooks | readonly PlacedHooks[]): made is readonly PlacedHooks[] {
  return Array.isArray(made)
}

function createContext(
  route: RouteConfiguration,
  resolved: ResolvedPlugin,
  { environment, owner }: Surroundings,
): PluginContext {
  const { plugin, scope, layers, directory } = resolved
  const root = owner.root.get(plugin.name)
  return {
    route: route.id,
    service: route.service,
    layers,
    scope,
    root,
    logger: environment.logger,
    meter: environment.meter,
    store: environment.store,
    localStore: environment.localStore,
    clock: environment.clock,
    random: environment.random,
    nodes: environment.nodes,
    ofNode: environment.ofNode,
    resolvePath: (path) => resolve(directory, path),
    keep(key, create) {
      const identity = [plugin.name, scope, identityOf(resolved.settings), identityOf(root), key].join('\n')
      return environment.states.hold(owner.holder, identity, create)
    },
    share: (key, create) => environment.states.hold(owner.holder, `${plugin.name}\n${key}`, create),
  }
}

// Settings are shared by many routes (a default, a service's value), so each is written out once.
const identities = new WeakMap<object, string>()

function identityOf(settings: unknown): string {
  if (typeof settings !== 'object' || settings === null) return digest(settings)
  let identity = identities.get(settings)
  if (identity === undefined) {
    identity = digest(settings)
    identities.set(settings, identity)
  }
  return identity
}

// Hashed, as settings may hold secrets and the identity lives on as a key.
function digest(settings: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(settings) ?? '')
    .digest('base64')
}

function ownActions(route: RouteConfiguration): PlacedHooks[] {
  const action = redirecting(route) ?? responding(route) ?? rewriting(route)
  return action ? [{ stage: 'request', onRequest: action }] : []
}

type Action = ((exchange: Exchange) => void) | undefined

function redirecting(route: RouteConfiguration): Action {
  if (!route.redirect) return undefined
  const redirect = compileRedirect(route.path, route.redirect)
  return function redirectExchange(exchange) {
    exchange.respond({
      status: redirect.status,
      headers: new HeaderList(['Location', redirect.location(exchange.path, exchange.query)]),
    })
  }
}

function responding(route: RouteConfiguration): Action {
  if (!route.respond) return undefined
  const { status, headers, body } = route.respond
  const pairs = Object.entries(headers).flat()
  return function respondDirectly(exchange) {
    exchange.respond({
      status,
      headers: new HeaderList([...pairs]),
      ...(body === undefined ? {} : { body }),
    })
  }
}

function rewriting(route: RouteConfiguration): Action {
  if (!route.rewrite) return undefined
  const rewrite = compileRewrite(route.path, route.rewrite)
  return function rewriteRequest(exchange) {
    exchange.request.path = rewrite.path(exchange.path) + queryOf(exchange.request.path)
    if (rewrite.host !== undefined) exchange.request.headers.set('Host', rewrite.host)
  }
}

// Of the request to be sent: a plugin may have taken a credential out of it.
function queryOf(path: string): string {
  const mark = path.indexOf('?')
  return mark < 0 ? '' : path.slice(mark)
}
