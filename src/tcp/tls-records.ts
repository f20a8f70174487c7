// The records of TLS (RFC 8446 section 5.1): the first handshake message out of them.

export type Handshake =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'message'; readonly body: Buffer }
  | { readonly kind: 'invalid' }

/** Hellos are of 0.3 to 2 KiB, with post-quantum keys; everything read before a target is known is kept in memory. */
const MAX_HELLO_BYTES = 16 * 1024
/** A hello may come in several records, but not in one for each byte. */
const MAX_RECORDS = 64

const RECORD_HEADER_BYTES = 5
/** Of a handshake message: type and length. */
const HEADER_BYTES = 4
const ALERT = 21
const HANDSHAKE = 22
const TLS_MAJOR = 3
const NEWEST_MINOR = 4
const FATAL = 2
const MAX_FRAGMENT_BYTES = 2 ** 14

const INVALID: Handshake = { kind: 'invalid' }
const INCOMPLETE: Handshake = { kind: 'incomplete' }

/** The first message of a connection, which must be of this type. What follows it is not looked at. */
export function readHandshake(bytes: Buffer, type: number): Handshake {
  const fragments: Buffer[] = []
  let held = 0
  let end: number | undefined
  for (let at = 0; at < bytes.length; ) {
    const next = recordEnd(bytes, at)
    if (next === undefined || fragments.length === MAX_RECORDS) return INVALID
    const fragment = bytes.subarray(at + RECORD_HEADER_BYTES, next)
    fragments.push(fragment)
    held += fragment.length
    // Once and not for each record: a hello in tiny parts must not cost its square.
    if (held >= HEADER_BYTES) end ??= messageEnd(Buffer.concat(fragments), type)
    if (end !== undefined && end > MAX_HELLO_BYTES) return INVALID
    if (end !== undefined && held >= end) return message(fragments, end)
    at = next
  }
  return bytes.length < MAX_HELLO_BYTES ? INCOMPLETE : INVALID
}

/** Of the record that starts here, as far as its header has arrived; undefined when it is none of a handshake. */
function recordEnd(bytes: Buffer, at: number): number | undefined {
  const [type, major = TLS_MAJOR, minor = NEWEST_MINOR] = bytes.subarray(at, at + RECORD_HEADER_BYTES)
  if (type !== HANDSHAKE || major !== TLS_MAJOR || minor > NEWEST_MINOR) return undefined
  if (bytes.length < at + RECORD_HEADER_BYTES) return bytes.length
  const length = bytes.readUInt16BE(at + 3)
  // RFC 8446 section 5.1: a fragment of a handshake is never empty.
  return length === 0 || length > MAX_FRAGMENT_BYTES ? undefined : at + RECORD_HEADER_BYTES + length
}

function messageEnd(header: Buffer, type: number): number {
  return header[0] === type ? HEADER_BYTES + header.readUIntBE(1, 3) : Number.POSITIVE_INFINITY
}

function message(fragments: readonly Buffer[], end: number): Handshake {
  return { kind: 'message', body: Buffer.concat(fragments).subarray(HEADER_BYTES, end) }
}

/** A fatal alert as the whole record that a server may send before any handshake (RFC 8446 section 6). */
export function fatalAlert(description: number): Buffer {
  return Buffer.from([ALERT, TLS_MAJOR, 3, 0, 2, FATAL, description])
}
