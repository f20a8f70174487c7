// Reads a PROXY protocol header, version 1 or 2, from the first bytes of a connection: strict, bounded, never throws.
import { isIP } from 'node:net'
import { type ProxiedConnection, SIGNATURE } from './proxy-protocol.ts'

export type ProxyHeader =
  /** Consistent so far. */
  | { readonly kind: 'incomplete' }
  /** `connection` is undefined when the proxy speaks for itself, or for a client that has no IP address. */
  | { readonly kind: 'header'; readonly length: number; readonly connection: ProxiedConnection | undefined }
  | { readonly kind: 'invalid' }

/** The longest text of version 1, with its CRLF. */
const MAX_TEXT_BYTES = 107
/** Addresses take 36 bytes; the rest are extensions, of which a client certificate's names are the longest. */
const MAX_BLOCK_BYTES = 4096

const TEXT_START = Buffer.from('PROXY ')
const BINARY_HEAD_BYTES = 16
const VERSION_2 = 2
const PORT = /^(?:0|[1-9]\d{0,4})$/
const MAX_PORT = 65_535

const INCOMPLETE: ProxyHeader = { kind: 'incomplete' }
const INVALID: ProxyHeader = { kind: 'invalid' }

export function readProxyHeader(bytes: Buffer): ProxyHeader {
  if (startsLike(bytes, TEXT_START)) return readText(bytes)
  return startsLike(bytes, SIGNATURE) ? readBinary(bytes) : INVALID
}

function startsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length)
  return bytes.subarray(0, length).equals(start.subarray(0, length))
}

function readText(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, MAX_TEXT_BYTES).indexOf('\r\n')
  if (end < 0) return bytes.length < MAX_TEXT_BYTES ? INCOMPLETE : INVALID
  const length = end + 2
  const [, family, source = '', destination = '', sourcePort = '', destinationPort = '', ...more] = bytes
    .toString('latin1', 0, end)
    .split(' ')
  // What follows UNKNOWN must be ignored.
  if (family === 'UNKNOWN') return { kind: 'header', length, connection: undefined }
  const version = family === 'TCP4' ? 4 : family === 'TCP6' ? 6 : undefined
  const isWhole =
    isIP(source) === version &&
    isIP(destination) === version &&
    isPort(sourcePort) &&
    isPort(destinationPort) &&
    more.length === 0 &&
    // A zone is no part of an address that crosses machines.
    !source.includes('%')
  if (!isWhole) return INVALID
  const connection = {
    sourceAddress: source,
    sourcePort: Number(sourcePort),
    destinationAddress: destination,
    destinationPort: Number(destinationPort),
  }
  return { kind: 'header', length, connection }
}

function isPort(text: string): boolean {
  return PORT.test(text) && Number(text) <= MAX_PORT
}

function readBinary(bytes: Buffer): ProxyHeader {
  if (bytes.length < BINARY_HEAD_BYTES) return INCOMPLETE
  const version = bytes[12]! >> 4
  const command = bytes[12]! & 0x0f
  const blockBytes = bytes.readUInt16BE(14)
  if (version !== VERSION_2 || command > 1 || blockBytes > MAX_BLOCK_BYTES) return INVALID
  const length = BINARY_HEAD_BYTES + blockBytes
  if (bytes.length < length) return INCOMPLETE
  if (command === 0) return { kind: 'header', length, connection: undefined }
  return readAddresses(bytes[13]!, bytes.subarray(BINARY_HEAD_BYTES, length), length)
}

/** By family and transport: bytes of one address, or `none` where there is no address to be had. */
const ADDRESS_BYTES: Readonly<Record<number, 4 | 16 | 'none'>> = { 0: 'none', 17: 4, 33: 16, 49: 'none' }

function readAddresses(family: number, block: Buffer, length: number): ProxyHeader {
  const size = ADDRESS_BYTES[family]
  if (size === 'none') return { kind: 'header', length, connection: undefined }
  // Another transport than a stream cannot be what this connection is; extensions behind the addresses are skipped.
  if (size === undefined || block.length < 2 * size + 4) return INVALID
  const connection = {
    sourceAddress: addressText(block.subarray(0, size)),
    destinationAddress: addressText(block.subarray(size, 2 * size)),
    sourcePort: block.readUInt16BE(2 * size),
    destinationPort: block.readUInt16BE(2 * size + 2),
  }
  return { kind: 'header', length, connection }
}

function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.')
  const groups = Array.from({ length: 8 }, (_, at) => bytes.readUInt16BE(2 * at).toString(16))
  // As everybody writes it (RFC 5952).
  return new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1)
}
