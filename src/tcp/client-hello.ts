// The server name in a TLS ClientHello (RFC 8446 section 4.1.2, RFC 6066 section 3): strict, bounded, never throws.
import { isIP } from 'node:net'
import { isHostName } from '../host-name.ts'
import { ByteReader } from './byte-reader.ts'
import { readHandshake } from './tls-records.ts'

export type Hello =
  /** Consistent so far. */
  | { readonly kind: 'incomplete' }
  /** `serverName` in lower case; undefined when the client names none. */
  | { readonly kind: 'hello'; readonly serverName: string | undefined }
  /** Nothing that may be routed; the TLS alert says why (RFC 8446 section 6.2). */
  | { readonly kind: 'invalid'; readonly alert: number }

const DECODE_ERROR = 50
export const UNRECOGNIZED_NAME = 112

const CLIENT_HELLO = 1
const TLS_MAJOR = 3
const RANDOM_BYTES = 32
const MAX_SESSION_ID_BYTES = 32
const SERVER_NAME = 0
const HOST_NAME = 0

const INVALID: Hello = { kind: 'invalid', alert: DECODE_ERROR }
const NO_NAME: Hello = { kind: 'hello', serverName: undefined }

export function readClientHello(bytes: Buffer): Hello {
  const handshake = readHandshake(bytes, CLIENT_HELLO)
  if (handshake.kind === 'incomplete') return handshake
  if (handshake.kind === 'invalid') return INVALID
  const reader = new ByteReader(handshake.body)
  if (!skipToExtensions(reader)) return INVALID
  // TLS 1.2 and before: extensions may be missing altogether (RFC 5246 section 7.4.1.2).
  if (reader.left === 0) return NO_NAME
  const extensions = reader.vector(2)
  return reader.isWhole ? readExtensions(extensions) : INVALID
}

function skipToExtensions(reader: ByteReader): boolean {
  const major = reader.number(1)
  reader.number(1)
  reader.take(RANDOM_BYTES)
  const sessionId = reader.vector(1)
  const suites = reader.vector(2)
  const compressions = reader.vector(1)
  if (reader.failed || major !== TLS_MAJOR || sessionId.left > MAX_SESSION_ID_BYTES) return false
  return suites.left >= 2 && suites.left % 2 === 0 && compressions.left > 0
}

function readExtensions(extensions: ByteReader): Hello {
  const seen = new Set<number>()
  let answer = NO_NAME
  while (extensions.left > 0) {
    const type = extensions.number(2)
    const data = extensions.vector(2)
    // Two of a kind are forbidden (RFC 8446 section 4.2): the gateway and the target might each believe another one.
    if (extensions.failed || seen.has(type)) return INVALID
    seen.add(type)
    if (type === SERVER_NAME) answer = readServerName(data)
  }
  return answer
}

/** A list of exactly one host name: another type has no known form, and a second name another meaning. */
function readServerName(data: ByteReader): Hello {
  const list = data.vector(2)
  const type = list.number(1)
  const name = list.vector(2)
  if (!data.isWhole || !list.isWhole || type !== HOST_NAME) return INVALID
  return asHello(name.take(name.left).toString('latin1'))
}

function asHello(written: string): Hello {
  const serverName = written.toLowerCase().replace(/\.$/, '')
  // RFC 6066 section 3: addresses are not permitted.
  const isName = isHostName(serverName) && isIP(serverName) === 0
  return isName ? { kind: 'hello', serverName } : { kind: 'invalid', alert: UNRECOGNIZED_NAME }
}
