// What a frame may be (RFC 6455 section 5), given what the handshake has agreed on and what came before it.
import { type FrameHeader, OPCODE } from './frame-header.ts'
import { CLOSE_CODES } from './tunnel-cause.ts'

const { FRAME_INVALID, MESSAGE_TOO_BIG } = CLOSE_CODES

/** A message in more parts than that is somebody's attack on whoever puts it together; empty parts have no size. */
const MAX_PARTS = 65_536
const MAX_CONTROL_BYTES = 125
/** The first reserved bit says that a message is compressed (RFC 7692 section 6). */
const COMPRESSED = 0x40
const CONTROL_BIT = 8

/** What may stand in reserved bits and opcodes. */
export type Extensions = 'none' | 'compression' | 'unknown'

export interface FrameRules {
  /** RFC 6455 section 5.1: whatever a client sends is masked, and nothing that a server sends. */
  readonly masked: boolean
  readonly extensions: Extensions
  /** Of one message over all of its frames, as it is on the wire. */
  readonly messageBytes: number
}

/** What `Sec-WebSocket-Extensions` of an answer has agreed on. */
export function agreedExtensions(fields: readonly string[]): Extensions {
  const names = fields
    .flatMap((field) => field.split(','))
    .map((part) => part.split(';', 1)[0]!.trim().toLowerCase())
    .filter((name) => name !== '')
  if (names.length === 0) return 'none'
  return names.every((name) => name === 'permessage-deflate') ? 'compression' : 'unknown'
}

export class MessageRules {
  readonly #rules: FrameRules
  #open = false
  #bytes = 0
  #parts = 0

  constructor(rules: FrameRules) {
    this.#rules = rules
  }

  /** The code to close with when this frame must not be passed on; undefined when it may. */
  faultOf(header: FrameHeader): number | undefined {
    if (header.oddLength || header.masked !== this.#rules.masked) return FRAME_INVALID
    if (!this.#mayReserve(header)) return FRAME_INVALID
    if (header.opcode >= CONTROL_BIT) return this.#controlFault(header)
    return this.#orderFault(header) ?? this.#sizeFault(header)
  }

  #mayReserve({ reserved, opcode }: FrameHeader): boolean {
    const { extensions } = this.#rules
    if (extensions === 'unknown' || reserved === 0) return true
    const first = opcode === OPCODE.text || opcode === OPCODE.binary
    return extensions === 'compression' && reserved === COMPRESSED && first
  }

  #controlFault({ opcode, fin, length }: FrameHeader): number | undefined {
    const known = opcode <= OPCODE.pong || this.#rules.extensions === 'unknown'
    // Half a code says nothing (section 5.5.1).
    const halfCode = opcode === OPCODE.close && length === 1
    return known && fin && length <= MAX_CONTROL_BYTES && !halfCode ? undefined : FRAME_INVALID
  }

  #orderFault({ opcode, fin }: FrameHeader): number | undefined {
    if (opcode > OPCODE.binary && this.#rules.extensions !== 'unknown') return FRAME_INVALID
    // A message begins with another opcode than 0, and no other one begins before it has ended.
    if ((opcode === OPCODE.continuation) !== this.#open) return FRAME_INVALID
    this.#open = !fin
    return undefined
  }

  #sizeFault({ opcode, length }: FrameHeader): number | undefined {
    if (opcode !== OPCODE.continuation) {
      this.#bytes = 0
      this.#parts = 0
    }
    this.#bytes += length
    this.#parts++
    return this.#bytes > this.#rules.messageBytes || this.#parts > MAX_PARTS ? MESSAGE_TOO_BIG : undefined
  }
}
