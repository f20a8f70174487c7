// A route as it is shown to people and programs: plain JSON values, secrets left out.
import type { Configuration, RouteConfiguration } from './config/configuration.ts'

/** Matched on, and what the route does by itself; keys that it does not use are undefined. */
export function routeFacts(configuration: Configuration, route: RouteConfiguration) {
  const { id, service, hosts, path, methods, headers, query, rewrite, redirect, respond, origin } = route
  const { encodedSlashes } = route
  const plugins = route.plugins.map(({ plugin }) => plugin.name)
  const facts = {
    id,
    service,
    hosts,
    path,
    methods,
    headers,
    query,
    rewrite,
    redirect,
    respond,
    encodedSlashes,
    plugins,
    origin,
  }
  return redacted(facts, configuration)
}

/** The same value with every secret hidden, and what JSON has no form for as the nearest that it has. */
export function redacted<T>(value: T, configuration: Pick<Configuration, 'redact'>): T {
  return plain(value, configuration.redact) as T
}

function plain(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string' || typeof value === 'number') return hidden(value, redact)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value) || value instanceof Set) return Array.from(value, (inner) => plain(inner, redact))
  const entries = value instanceof Map ? [...value] : Object.entries(value)
  return Object.fromEntries(
    entries.map(([key, inner]) => [hidden(String(key), redact), plain(inner, redact)]),
  )
}

// As JSON, because a short secret is only known where it stands alone in quotes.
function hidden(value: string | number, redact: (text: string) => string): unknown {
  const text = JSON.stringify(value)
  const safe = redact(text)
  if (safe === text) return value
  try {
    return JSON.parse(safe)
  } catch {
    return '***'
  }
}
