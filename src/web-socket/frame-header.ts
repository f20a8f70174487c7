// The header of a WebSocket frame (RFC 6455 section 5.2), read without its payload.

export interface FrameHeader {
  /** Bytes of the header itself. */
  readonly size: number
  readonly fin: boolean
  /** The three reserved bits as they stand in the first byte. */
  readonly reserved: number
  readonly opcode: number
  readonly masked: boolean
  /** Bytes of the payload; no longer exact beyond 2^53. */
  readonly length: number
  /** Its length is not written in the shortest form, or has the highest bit set. */
  readonly oddLength: boolean
}

const SHORT_HEADER = 2
const MASK_BYTES = 4
const RESERVED_BITS = 0x70
const TWO_BYTES = 126
const EIGHT_BYTES = 127
const HIGHEST_BIT = 2 ** 63

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const

/** Undefined while not all of it is there. */
export function readFrameHeader(bytes: Buffer, at: number): FrameHeader | undefined {
  const left = bytes.length - at
  if (left < SHORT_HEADER) return undefined
  const first = bytes[at]!
  const second = bytes[at + 1]!
  const short = second & 0x7f
  const masked = second >= 0x80
  const size = SHORT_HEADER + lengthBytes(short) + (masked ? MASK_BYTES : 0)
  if (left < size) return undefined
  const length = lengthOf(bytes, at + SHORT_HEADER, short)
  return {
    size,
    fin: first >= 0x80,
    reserved: first & RESERVED_BITS,
    opcode: first & 0x0f,
    masked,
    length,
    oddLength: length < leastOf(short) || length >= HIGHEST_BIT,
  }
}

function lengthBytes(short: number): number {
  if (short < TWO_BYTES) return 0
  return short === TWO_BYTES ? 2 : 8
}

function lengthOf(bytes: Buffer, at: number, short: number): number {
  if (short < TWO_BYTES) return short
  if (short === TWO_BYTES) return bytes.readUInt16BE(at)
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4)
}

/** What this form of a length is for: RFC 6455 section 5.2 demands the shortest one. */
function leastOf(short: number): number {
  if (short < TWO_BYTES) return 0
  return short === EIGHT_BYTES ? 2 ** 16 : TWO_BYTES
}
