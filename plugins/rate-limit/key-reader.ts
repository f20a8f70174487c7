// Whom a limit counts: what sets an exchange's bucket apart from the others of the same limit.
import { type Exchange, ipKey } from '../../src/plugin.ts'
import type { KeySource } from './settings.ts'

export type KeyReader = (exchange: Exchange) => string

/** `route` is the id of the route that the limit is compiled for. */
export function keyReader(by: KeySource, route: string): KeyReader {
  if (by.startsWith('header:')) return headerReader(by.slice('header:'.length).toLowerCase())
  switch (by) {
    case 'consumer':
      return ({ consumer, clientIp }) => (consumer ? `is:${consumer.id}` : fallback(clientIp))
    case 'route':
      return () => route
    case 'global':
      return () => ''
    default:
      return ({ clientIp }) => ipKey(clientIp)
  }
}

function headerReader(name: string): KeyReader {
  return ({ headers, clientIp }) => {
    const value = headers.get(name)
    return value ? `is:${value}` : fallback(clientIp)
  }
}

// Marked, so that no consumer and no header value can be written that is somebody's address.
function fallback(clientIp: string): string {
  return `ip:${ipKey(clientIp)}`
}
