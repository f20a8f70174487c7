// Lets configs and plugins anywhere on the disk import `turnpike` and `zod`: from the gateway, when they bring none.
import { registerHooks } from 'node:module'

const OWN: ReadonlySet<string> = new Set(['turnpike', 'zod'])

let isRegistered = false

/** An operator's plugin lies beside the config, far from any node_modules. Its own copies win. */
export function provideOwnPackages(): void {
  if (isRegistered) return
  isRegistered = true
  registerHooks({
    resolve(specifier, context, next) {
      if (!OWN.has(specifier)) return next(specifier, context)
      try {
        return next(specifier, context)
      } catch {
        return next(specifier, { ...context, parentURL: import.meta.url })
      }
    },
  })
}
