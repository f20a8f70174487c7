// WebSocket frames by hand: any opcode, any length, masked or not.

export interface FrameOptions {
  readonly opcode?: number
  readonly fin?: boolean
  readonly masked?: boolean
}

/** The mask is all zeros: the payload can be read as it is. */
export function frame(payload: Buffer | string, options: FrameOptions = {}): Buffer {
  const { opcode = 2, fin = true, masked = false } = options
  const bytes = Buffer.from(payload)
  const head = [(fin ? 0x80 : 0) | opcode]
  const mask = masked ? 0x80 : 0
  if (bytes.length < 126) head.push(mask | bytes.length)
  else if (bytes.length < 65_536) head.push(mask | 126, bytes.length >> 8, bytes.length & 0xff)
  else {
    const length = Buffer.alloc(8)
    length.writeBigUInt64BE(BigInt(bytes.length))
    head.push(mask | 127, ...length)
  }
  return Buffer.concat([Buffer.from(head), Buffer.alloc(masked ? 4 : 0), bytes])
}
