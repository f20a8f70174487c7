// A service's response head: raw bytes -> header pairs without what belongs to the one connection.
import { GatewayError } from '../errors.ts'
import { HeaderList, isHopByHop, mayTrail } from '../headers.ts'

/** Decodes name, value buffers as latin1, order and case kept. Throws UPSTREAM_INVALID_RESPONSE. */
export function readResponseHeaders(raw: readonly Buffer[]): HeaderList {
  const pairs: string[] = []
  let connection: string | undefined
  let coding: string | undefined
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!.toString('latin1')
    const lower = name.toLowerCase()
    if (!isHopByHop(lower)) {
      pairs.push(name, raw[at + 1]!.toString('latin1'))
    } else if (lower === 'connection') {
      connection = join(connection, raw[at + 1]!.toString('latin1'))
    } else if (lower === 'transfer-encoding') {
      coding = join(coding, raw[at + 1]!.toString('latin1'))
    }
  }
  if (coding !== undefined) assertChunked(coding)
  const headers = new HeaderList(pairs)
  if (connection !== undefined) removeListed(headers, connection)
  return headers
}

/** Trailers as flat pairs, without what counts only in a head: recipients merge the two. */
export function readTrailers(raw: readonly Buffer[]): string[] {
  const pairs: string[] = []
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at]!.toString('latin1')
    if (!mayTrail(name.toLowerCase())) continue
    pairs.push(name, raw[at + 1]!.toString('latin1'))
  }
  return pairs
}

function assertChunked(coding: string): void {
  // The parser undoes only `chunked`, and only once: the client would get coded bytes as plain ones.
  if (coding.trim().toLowerCase() !== 'chunked') throw new GatewayError('UPSTREAM_INVALID_RESPONSE')
}

function join(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before},${value}`
}

function removeListed(headers: HeaderList, connection: string): void {
  for (const token of connection.split(',')) {
    const name = token.trim().toLowerCase()
    if (name !== '' && name !== 'close' && name !== 'keep-alive') headers.remove(name)
  }
}
