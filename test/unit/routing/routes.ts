// Routes and requests in one line each, for the tests of routing.
import { HeaderList } from '../../../src/headers.ts'
import type { MatchRequest, RoutePattern } from '../../../src/routing/route-pattern.ts'

/** `GET|POST api.example.com/orders/*`, `/orders/*`: methods and host may be missing. */
export function route(id: string, match: string, more: Partial<RoutePattern> = {}): RoutePattern {
  const [first, second] = match.split(' ')
  const methods = second === undefined ? [] : first!.split('|')
  const target = second ?? first!
  const slash = target.indexOf('/')
  const hosts = slash === 0 ? [] : [target.slice(0, slash)]
  return {
    id,
    hosts,
    path: target.slice(slash),
    methods,
    headers: [],
    query: [],
    origin: `${id}.yaml:1`,
    ...more,
  }
}

/** `GET api.example.com/orders/42?v=2`, with header fields as flat pairs. */
export function request(text: string, headers: string[] = []): MatchRequest {
  const [method, target] = text.split(' ') as [string, string]
  const slash = target.indexOf('/')
  const [path, ...query] = target.slice(slash).split('?')
  return {
    method,
    host: target.slice(0, slash),
    path: path!,
    query: query.length === 0 ? '' : `?${query.join('?')}`,
    headers: new HeaderList(headers),
  }
}

export const PREFLIGHT = ['Origin', 'https://app.example.com', 'Access-Control-Request-Method']
