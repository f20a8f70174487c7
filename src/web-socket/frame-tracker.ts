// Where WebSocket frames end in a stream of bytes (RFC 6455 section 5.2): headers are counted, payloads never read.

const SHORT_HEADER = 2
const MASK_BYTES = 4
const OPCODE_CLOSE = 8

export class FrameTracker {
  /** A close frame has begun: nothing may follow it. */
  closed = false
  /** Bytes of the header still to come; its length is known from its second byte on. */
  #headerLeft = SHORT_HEADER
  /** Bytes of the extended length among them. */
  #lengthLeft = 0
  #headerSeen = 0
  #payloadLeft = 0

  /** True when no frame is under way: another one may be put in here. */
  get atBoundary(): boolean {
    return this.#headerSeen === 0 && this.#payloadLeft === 0
  }

  /** Takes in what has come; with `stopAtBoundary` only to the end of the frame under way. Returns the bytes taken. */
  push(chunk: Buffer, stopAtBoundary = false): number {
    let at = 0
    while (at < chunk.length) {
      if (stopAtBoundary && this.atBoundary) break
      if (this.#payloadLeft === 0 || this.#headerSeen > 0) this.#takeHeaderByte(chunk[at++]!)
      else {
        const taken = Math.min(this.#payloadLeft, chunk.length - at)
        this.#payloadLeft -= taken
        at += taken
      }
    }
    return at
  }

  #takeHeaderByte(byte: number): void {
    this.#headerSeen++
    this.#headerLeft--
    if (this.#headerSeen === 1) {
      if ((byte & 0x0f) === OPCODE_CLOSE) this.closed = true
    } else if (this.#headerSeen === SHORT_HEADER) {
      this.#takeShortLength(byte)
    } else if (this.#lengthLeft > 0) {
      this.#lengthLeft--
      // Beyond 2^53 the number is no longer exact; nobody will live to see such a frame's end.
      this.#payloadLeft = this.#payloadLeft * 256 + byte
    }
    if (this.#headerLeft > 0) return
    this.#headerSeen = 0
    this.#headerLeft = SHORT_HEADER
  }

  #takeShortLength(byte: number): void {
    const length = byte & 0x7f
    this.#lengthLeft = length === 126 ? 2 : length === 127 ? 8 : 0
    this.#payloadLeft = length < 126 ? length : 0
    this.#headerLeft = this.#lengthLeft + (byte & 0x80 ? MASK_BYTES : 0)
  }
}
