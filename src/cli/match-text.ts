// What a route matches, as one line of text.
import type { RouteConfiguration } from '../config/configuration.ts'

type Matched = Pick<RouteConfiguration, 'methods' | 'hosts' | 'path' | 'headers' | 'query'>

export function matchText(route: Matched): string {
  const methods = route.methods.length === 0 ? '' : `${route.methods.join('|')} `
  const conditions = conditionText(route)
  return `${methods}${route.hosts.join(',')}${route.path}${conditions === '' ? '' : ` when ${conditions}`}`
}

/** Empty without header and query conditions. */
export function conditionText({ headers, query }: Pick<Matched, 'headers' | 'query'>): string {
  return [
    ...headers.map(({ name, value }) => `header ${name}=${value}`),
    ...query.map(({ name, value }) => `query ${name}=${value}`),
  ].join(', ')
}
