// Where WebSocket frames end in a stream of bytes, and whether they may be: headers are read, payloads never.
import { OPCODE, readFrameHeader } from './frame-header.ts'
import { type FrameRules, MessageRules } from './frame-rules.ts'

export class FrameReader {
  /** A close frame has begun: nothing of what follows it means anything. */
  closed = false
  /** The code to close with: the next frame must not be passed on. Nothing is read behind it. */
  fault: number | undefined
  readonly #rules: MessageRules
  #payloadLeft = 0

  constructor(rules: FrameRules) {
    this.#rules = new MessageRules(rules)
  }

  /** True when no frame is under way: another one may be put in here. */
  get atBoundary(): boolean {
    return this.#payloadLeft === 0
  }

  /**
   * Takes in what has come, with `stopAtBoundary` only to the end of the frame under way. Returns how many bytes may be
   * passed on: none of a header that is not whole or not right. What is left must come again, before what follows it.
   */
  read(bytes: Buffer, stopAtBoundary = false): number {
    let at = 0
    while (at < bytes.length) {
      if (this.#payloadLeft > 0) {
        const taken = Math.min(this.#payloadLeft, bytes.length - at)
        this.#payloadLeft -= taken
        at += taken
      } else if (stopAtBoundary) break
      else {
        const size = this.#readHeader(bytes, at)
        if (size === 0) break
        at += size
      }
    }
    return at
  }

  #readHeader(bytes: Buffer, at: number): number {
    if (this.fault !== undefined) return 0
    const header = readFrameHeader(bytes, at)
    if (header === undefined) return 0
    this.fault = this.#rules.faultOf(header)
    if (this.fault !== undefined) return 0
    if (header.opcode === OPCODE.close) this.closed = true
    this.#payloadLeft = header.length
    return header.size
  }
}
