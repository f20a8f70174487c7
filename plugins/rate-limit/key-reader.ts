// Whom a limit counts: what sets an exchange's bucket apart from the others of the same limit.
import { type Exchange, ipKey } from '../../src/plugin.ts'
import type { KeySource } from './settings.ts'

/** Those that have no name are counted by their address. */
export interface KeyReader {
  nameOf(exchange: Exchange): string | undefined
  keyOfName(name: string): string
  keyOfAddress(ip: string): string
}

/** `route` is the id of the route that the limit is compiled for. */
export function keyReader(by: KeySource, route: string): KeyReader {
  if (by.startsWith('header:')) return headerReader(by.slice('header:'.length).toLowerCase())
  switch (by) {
    case 'consumer':
      return { ...MARKED, nameOf: ({ consumer }) => consumer?.id }
    case 'route':
      return { ...PLAIN, nameOf: () => route }
    case 'global':
      return { ...PLAIN, nameOf: () => '' }
    default:
      return { ...PLAIN, nameOf: () => undefined }
  }
}

function headerReader(field: string): KeyReader {
  return { ...MARKED, nameOf: ({ headers }) => headers.get(field) || undefined }
}

const PLAIN = { keyOfName: (name: string) => name, keyOfAddress: ipKey }

// So that no consumer and no header value can be written that is somebody's address.
const MARKED = { keyOfName: (name: string) => `is:${name}`, keyOfAddress: (ip: string) => `ip:${ipKey(ip)}` }
