// The request target (RFC 9112 section 3.2) split into authority, path and query.
import { GatewayError } from '../errors.ts'
import { parseAuthority } from './authority.ts'
import { canonicalPath } from './canonical-path.ts'

/** Of a URL that an operator asks about; what clients may send is in the config. */
const MAX_TARGET_BYTES = 64 * 1024

// RFC 3986: whatever is not ASCII is written in percent-encoding.
const TARGET = /^[\x21-\x7e]+$/

const ABSOLUTE_FORM = /^https?:\/\/([^/?#]*)(.*)$/i

export interface RequestTarget {
  readonly path: string
  /** With its `?`, or ''. */
  readonly query: string
  /** Of the absolute form; must agree with Host. */
  readonly authority: string | undefined
}

/** False for bytes that belong into no target, be it in its path or its query. */
export function isTarget(text: string): boolean {
  return TARGET.test(text)
}

/** Of a text that `isTarget`. Throws URI_TOO_LONG, INVALID_PATH. */
export function parseRequestTarget(target: string, maxBytes: number): RequestTarget {
  if (target.length > maxBytes) throw new GatewayError('URI_TOO_LONG')
  if (target[0] === '/') return split(target, undefined)
  const absolute = ABSOLUTE_FORM.exec(target)
  if (!absolute)
    throw new GatewayError('INVALID_PATH', { detail: 'The request target must be a path or a URL.' })
  const rest = absolute[2]!
  return split(rest[0] === '/' ? rest : `/${rest}`, absolute[1])
}

function split(target: string, authority: string | undefined): RequestTarget {
  if (target.includes('#')) throw new GatewayError('INVALID_PATH', { detail: 'The target has a fragment.' })
  const mark = target.indexOf('?')
  if (mark < 0) return { path: canonicalPath(target), query: '', authority }
  return { path: canonicalPath(target.slice(0, mark)), query: target.slice(mark), authority }
}

/** A URL as a client would send it: what the edge would make of host, path and query. Throws a GatewayError. */
export function arrivedTarget(url: string): {
  readonly host: string
  readonly path: string
  readonly query: string
} {
  const { authority, path, query } = parseRequestTarget(url, MAX_TARGET_BYTES)
  if (query !== '' && !isTarget(query))
    throw new GatewayError('INVALID_PATH', { detail: 'The query is not in ASCII.' })
  return { host: authority === undefined ? '' : parseAuthority(authority).host, path, query }
}
