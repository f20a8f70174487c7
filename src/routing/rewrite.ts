// Rewrites: the path and host that a service sees instead of the client's.
import { GatewayError } from '../errors.ts'
import { isCanonicalPath } from './canonical-path.ts'
import { parseHostPattern } from './host-pattern.ts'
import { compilePathTemplate } from './path-template.ts'
import { PatternError } from './route-pattern.ts'

export interface RewriteSettings {
  /** `/v2/*` replaces the matched prefix, `/*` strips it, `/v2/:id` is the whole new path. */
  readonly path?: string | undefined
  readonly host?: string | undefined
}

export interface Rewrite {
  /** Throws INVALID_PATH when the result would not be canonical. */
  path(canonicalPath: string): string
  readonly host: string | undefined
}

/** Throws a PatternError for settings that do not fit the pattern. */
export function compileRewrite(pattern: string, rewrite: RewriteSettings): Rewrite {
  const template = rewrite.path === undefined ? undefined : compilePathTemplate(pattern, rewrite.path)
  return {
    path: template ? (path) => checked(template(path)) : (path) => path,
    host: rewrite.host === undefined ? undefined : checkedHost(rewrite.host),
  }
}

function checked(path: string): string {
  if (isCanonicalPath(path)) return path
  throw new GatewayError('INVALID_PATH', {
    detail: 'The path cannot be rewritten without changing its meaning',
  })
}

function checkedHost(host: string): string {
  // A port belongs to the Host field (RFC 9110 section 7.2); a match has none.
  const port = /:\d{1,5}$/.exec(host)?.[0] ?? ''
  const { kind, name } = parseHostPattern(host.slice(0, host.length - port.length))
  if (kind === 'exact') return name + port
  throw new PatternError(`${JSON.stringify(host)} cannot be sent as a host: write one name, without "*"`)
}
