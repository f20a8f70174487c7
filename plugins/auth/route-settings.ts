// One reading for the three ways in which a route may write `auth`, and the faults that only show beside the root.
import type { Fault } from '../../src/plugin.ts'
import type { ProviderSettings } from './provider-settings.ts'
import type { Requirements } from './requirements.ts'
import type { RootSettings, RouteSettings } from './settings.ts'

interface Use {
  readonly name: string
  /** Where the name stands in the route's settings. */
  readonly path: readonly (string | number)[]
}

export function usesOf(settings: RouteSettings): readonly Use[] {
  const isObject = typeof settings === 'object' && !Array.isArray(settings)
  const use = isObject ? settings.use : settings
  const base = isObject ? ['use'] : []
  return typeof use === 'string'
    ? [{ name: use, path: base }]
    : use.map((name, at) => ({ name, path: [...base, at] }))
}

export function requirementsOf(settings: RouteSettings): Requirements {
  if (typeof settings === 'string' || Array.isArray(settings)) return { scopes: [], anyScope: [], claims: [] }
  const claims = Object.entries(settings.claims ?? {}).map(
    ([name, value]) => [name, Array.isArray(value) ? value : [value]] as const,
  )
  return { scopes: settings.scopes ?? [], anyScope: settings.anyScope ?? [], claims }
}

export function routeFaults(settings: RouteSettings, root: RootSettings): Fault[] {
  const uses = usesOf(settings)
  const unknown = uses.filter(({ name }) => providerOf(root, name) === undefined)
  if (unknown.length > 0) return unknown.map((use) => unknownFault(use, root))
  const repeated = uses.filter(({ name }, at) => uses.findIndex((use) => use.name === name) < at)
  const twice = repeated.map(({ name, path }) => ({ path, message: `the provider "${name}" is named twice` }))
  return [...twice, ...keyFaults(settings, root)]
}

export function providerOf(root: RootSettings, name: string): ProviderSettings | undefined {
  return root.auth !== undefined && Object.hasOwn(root.auth, name) ? root.auth[name] : undefined
}

function unknownFault({ name, path }: Use, root: RootSettings): Fault {
  const defined = Object.keys(root.auth ?? {})
  const hint = defined.length > 0 ? `defined: ${defined.join(', ')}` : 'define it under "auth" at the root'
  return { path, message: `no auth provider named "${name}"`, hint }
}

/** A route that only takes API keys and that no holder of a key can ever pass. */
function keyFaults(settings: RouteSettings, root: RootSettings): Fault[] {
  if (usesOf(settings).some(({ name }) => providerOf(root, name)?.type !== 'apiKey')) return []
  const { scopes, anyScope, claims } = requirementsOf(settings)
  const holders = Object.values(root.consumers ?? {}).filter(({ apiKey }) => apiKey !== undefined)
  if (holders.length === 0) {
    return [{ path: [], message: 'no consumer has an API key', hint: 'add "apiKey" under "consumers"' }]
  }
  if (claims.length > 0) return [{ path: ['claims'], message: 'an API key has no claims' }]
  const held = (scope: string) => holders.some((holder) => holder.scopes?.includes(scope))
  const missing = scopes.filter((scope) => !held(scope)).map((scope) => missingScope('scopes', scope))
  return anyScope.length > 0 && !anyScope.some(held)
    ? [...missing, missingScope('anyScope', anyScope.join('" or "'))]
    : missing
}

function missingScope(field: string, scope: string): Fault {
  return {
    path: [field],
    message: `no consumer with an API key has the scope "${scope}"`,
    hint: 'see "consumers"',
  }
}
