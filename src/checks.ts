// Checks of a whole configuration by those who will run it: addresses, route conflicts, templates of paths.
import { addressChecks } from './address-checks.ts'
import type { Configuration, ConfigurationCheck, RouteConfiguration } from './config/configuration.ts'
import type { ConfigFault } from './config/fault.ts'
import { Pace } from './pace.ts'
import { findConflicts } from './routing/conflicts.ts'
import { compileRedirect } from './routing/redirect.ts'
import { compileRewrite } from './routing/rewrite.ts'
import { PatternError } from './routing/route-pattern.ts'

export const configurationChecks: readonly ConfigurationCheck[] = [
  ...addressChecks,
  routeConflicts,
  routeTemplates,
]

async function routeConflicts(configuration: Configuration): Promise<readonly ConfigFault[]> {
  const conflicts = await new Pace().through(findConflicts(configuration.routes))
  const routes = new Map(configuration.routes.map((route) => [route.id, route]))
  return conflicts.map(({ first, second, message }) => ({
    path: routePath(routes.get(second)!),
    message,
    hint: `the other one: ${routes.get(first)!.origin}`,
    atKey: true,
    whole: true,
  }))
}

function routeTemplates(configuration: Configuration): readonly ConfigFault[] {
  return configuration.routes.flatMap((route) => [
    ...templateFault(route, 'rewrite', () => route.rewrite && compileRewrite(route.path, route.rewrite)),
    ...templateFault(route, 'redirect', () => route.redirect && compileRedirect(route.path, route.redirect)),
  ])
}

function templateFault(route: RouteConfiguration, key: string, compile: () => unknown): ConfigFault[] {
  try {
    compile()
    return []
  } catch (thrown) {
    if (!(thrown instanceof PatternError)) throw thrown
    return [{ path: [...routePath(route), key], message: thrown.message }]
  }
}

// The id names the service that the route is written under, which may not be the one that it is sent to.
function routePath(route: RouteConfiguration): readonly string[] {
  const written = route.id.slice(0, -(route.name.length + 1))
  return ['services', written, 'routes', route.name]
}
