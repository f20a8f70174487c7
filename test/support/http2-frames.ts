// HTTP/2 by hand: frames as bytes, for peers that say what no library would say (RFC 9113 section 4).

export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

export const TYPE = {
  data: 0,
  headers: 1,
  rst: 3,
  settings: 4,
  push: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const FLAG = { endStream: 1, ack: 1, endHeaders: 4 } as const

export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

export const settings = (...pairs: readonly (readonly [id: number, value: number])[]): Buffer =>
  frame(TYPE.settings, 0, 0, Buffer.concat(pairs.map(([id, value]) => Buffer.concat([u16(id), u32(value)]))))

export const settingsAck = (): Buffer => frame(TYPE.settings, FLAG.ack, 0)

export const headers = (stream: number, pairs: readonly string[], flags: number = FLAG.endHeaders): Buffer =>
  frame(TYPE.headers, flags, stream, headerBlock(pairs))

export const data = (stream: number, text: string | Buffer, flags = 0): Buffer =>
  frame(TYPE.data, flags, stream, Buffer.from(text as string))

export const rst = (stream: number, code: number): Buffer => frame(TYPE.rst, 0, stream, u32(code))

export const goaway = (lastStream: number, code: number): Buffer =>
  frame(TYPE.goaway, 0, 0, Buffer.concat([u32(lastStream), u32(code)]))

/** Literals without indexing and without Huffman coding (RFC 7541 section 6.2.2). */
export function headerBlock(pairs: readonly string[]): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < pairs.length; at += 2) {
    parts.push(Buffer.from([0]), hpackString(pairs[at]!), hpackString(pairs[at + 1]!))
  }
  return Buffer.concat(parts)
}

function hpackString(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes])
  const length = [127]
  let rest = bytes.length - 127
  for (; rest >= 128; rest >>= 7) length.push((rest & 127) | 128)
  return Buffer.concat([Buffer.from([...length, rest]), bytes])
}

/** Cuts a stream of bytes into frames; what is not whole yet waits. */
export class FrameReader {
  #rest = Buffer.alloc(0)

  push(chunk: Buffer): Frame[] {
    this.#rest = Buffer.concat([this.#rest, chunk])
    const frames: Frame[] = []
    while (this.#rest.length >= 9) {
      const length = this.#rest.readUIntBE(0, 3)
      if (this.#rest.length < 9 + length) break
      const [type, flags] = [this.#rest[3]!, this.#rest[4]!]
      const stream = this.#rest.readUInt32BE(5) & 0x7fffffff
      frames.push({ type, flags, stream, payload: this.#rest.subarray(9, 9 + length) })
      this.#rest = this.#rest.subarray(9 + length)
    }
    return frames
  }
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value)
  return bytes
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
