// How configs and plugins anywhere on the disk are loaded: with the gateway's own packages, and as ES modules.
import { readFileSync } from 'node:fs'
import { registerHooks } from 'node:module'

const OWN: ReadonlySet<string> = new Set(['turnpike', 'zod'])
/** What only an ES module has, at the start of a line. */
const ES_SYNTAX = /^\s*(?:import|export)(?:\s+[\w{*"']|[{*"'])/m

/** Files of an operator: what importModule was asked for, and what they import by a relative path. */
const operatorFiles = new Set<string>()
let isRegistered = false

/** An operator's plugin lies beside the config, far from any node_modules. Its own copies win. */
export function provideOwnPackages(): void {
  if (isRegistered) return
  isRegistered = true
  registerHooks({
    resolve(specifier, context, next) {
      const resolved = OWN.has(specifier) ? resolveOwn() : next(specifier, context)
      if (specifier.startsWith('.') && operatorFiles.has(fileOf(context.parentURL ?? ''))) {
        operatorFiles.add(fileOf(resolved.url))
      }
      return resolved

      function resolveOwn() {
        try {
          return next(specifier, context)
        } catch {
          return next(specifier, { ...context, parentURL: import.meta.url })
        }
      }
    },
    load(url, context, next) {
      const format = MODULE_FORMATS.get(context.format ?? '')
      const isModule = format !== undefined && operatorFiles.has(fileOf(url)) && hasEsSyntax(url)
      return next(url, isModule ? { ...context, format } : context)
    },
  })
}

/** A file that is written as an ES module is one, whatever the nearest package.json says of its folder. */
export function loadAsModule(url: string): void {
  operatorFiles.add(fileOf(url))
}

const MODULE_FORMATS: ReadonlyMap<string, string> = new Map([
  ['commonjs', 'module'],
  ['commonjs-typescript', 'module-typescript'],
])

function hasEsSyntax(url: string): boolean {
  try {
    return !/\.c[jt]s$/.test(fileOf(url)) && ES_SYNTAX.test(readFileSync(new URL(fileOf(url)), 'utf8'))
  } catch {
    // Whoever loads it tells why.
    return false
  }
}

// Without the version of importModule: the set is as small as the number of files.
function fileOf(url: string): string {
  return url.split('#', 1)[0] as string
}
