// Recognises who calls, asks what it may do, and tells the service.
import type { Exchange, Plugin } from '../../src/plugin.ts'
import { decisionNotes } from './decisions.ts'
import { Guard } from './guard.ts'
import type { ProviderSettings } from './provider-settings.ts'
import { provide } from './providers.ts'
import { requirementsOf, routeFaults, usesOf } from './route-settings.ts'
import { type RootSettings, type RouteSettings, rootSettings, routeSettings } from './settings.ts'

export const auth = {
  name: 'auth',
  stage: 'identity',
  summary:
    'Lets a request pass when a token or an API key says who sends it, and tells the service who that is.',
  settings: routeSettings,
  root: rootSettings,
  layering: 'nearest',
  off: 'none',

  required: (root) => Object.keys(root.auth ?? {}).length > 0,

  identityHeaders: ({ auth: providers = {} }) => Object.values(providers).flatMap(headersOf),

  check: (settings, { root }) => routeFaults(settings, root),

  create(settings, context) {
    const providers = usesOf(settings).map(({ name }) => provide(name, context))
    const note = decisionNotes(providers, context.meter, context.logger)
    const guard = new Guard(providers, requirementsOf(settings), note)
    return { onRequest: (exchange: Exchange) => guard.check(exchange) }
  },
} satisfies Plugin<RouteSettings, RootSettings>

/** What a provider tells the service under names of the config's own. */
function headersOf(provider: ProviderSettings): readonly string[] {
  return provider.type === 'jwt' ? Object.keys(provider.claimsToHeaders) : []
}
