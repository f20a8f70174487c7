// An HTTP/2 client of raw frames: it sends what no library would, and notes what comes back.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { FLAG, type Frame, FrameReader, frame, PREFACE, settings, settingsAck, TYPE } from './http2-frames.ts'

export const ERROR = {
  none: 0,
  refusedStream: 7,
  cancel: 8,
  enhanceYourCalm: 11,
} as const

export class FrameClient {
  readonly socket: Socket
  readonly frames: Frame[] = []
  readonly #reader = new FrameReader()
  readonly #acknowledges: boolean

  private constructor(socket: Socket, acknowledges: boolean) {
    this.socket = socket
    this.#acknowledges = acknowledges
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('error', () => {})
  }

  /** Preface and SETTINGS are sent; `pairs` are theirs. */
  static async connect(
    port: number,
    { pairs = [] as readonly (readonly [id: number, value: number])[], acknowledges = true } = {},
  ): Promise<FrameClient> {
    const socket = connect(port, '127.0.0.1')
    await once(socket, 'connect')
    const client = new FrameClient(socket, acknowledges)
    client.send(PREFACE, settings(...pairs))
    return client
  }

  send(...parts: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(parts))
  }

  of(type: number, stream?: number): readonly Frame[] {
    return this.frames.filter((one) => one.type === type && (stream === undefined || one.stream === stream))
  }

  get closed(): boolean {
    return this.socket.destroyed || this.socket.readableEnded
  }

  /** The error code of the last GOAWAY. */
  get goaway(): number | undefined {
    return this.of(TYPE.goaway).at(-1)?.payload.readUInt32BE(4)
  }

  get lastStream(): number | undefined {
    return this.of(TYPE.goaway).at(-1)?.payload.readUInt32BE(0)
  }

  /** The error code that a stream was reset with. */
  reset(stream: number): number | undefined {
    return this.of(TYPE.rst, stream)[0]?.payload.readUInt32BE(0)
  }

  status(stream: number): number | undefined {
    const [head] = this.of(TYPE.headers, stream)
    return head && readStatus(head.payload)
  }

  body(stream: number): string {
    return Buffer.concat(this.of(TYPE.data, stream).map(({ payload }) => payload)).toString()
  }

  /** True when the stream's answer is whole. */
  ended(stream: number): boolean {
    return this.frames.some(
      (one) =>
        one.stream === stream &&
        (one.type === TYPE.headers || one.type === TYPE.data) &&
        (one.flags & FLAG.endStream) !== 0,
    )
  }

  close(): void {
    this.socket.destroy()
  }

  #take(chunk: Buffer): void {
    for (const one of this.#reader.push(chunk)) this.#note(one)
  }

  #note(one: Frame): void {
    this.frames.push(one)
    const isRequest = (one.flags & FLAG.ack) === 0
    if (!this.#acknowledges || !isRequest) return
    if (one.type === TYPE.settings) this.send(settingsAck())
    if (one.type === TYPE.ping) this.send(frame(TYPE.ping, FLAG.ack, 0, one.payload))
  }
}

const INDEXED_STATUS: Readonly<Record<number, number>> = {
  136: 200,
  137: 204,
  138: 206,
  139: 304,
  140: 400,
  141: 404,
  142: 500,
}
/** `:status` with a literal value: the name is one of the static table (RFC 7541 appendix A). */
const STATUS_NAME = 8

/** The first field of an answer; updates of the table's size may stand before it. */
function readStatus(payload: Buffer): number | undefined {
  let at = 0
  while ((payload[at]! & 0xe0) === 0x20) at++
  const first = payload[at]!
  if (first in INDEXED_STATUS) return INDEXED_STATUS[first]
  if ((first & 0x3f) !== STATUS_NAME && (first & 0x0f) !== STATUS_NAME) return undefined
  const length = payload[at + 1]! & 0x7f
  const value = payload.subarray(at + 2, at + 2 + length)
  return Number(payload[at + 1]! & 0x80 ? huffmanDigits(value) : value.toString())
}

/** RFC 7541 appendix B, digits alone: 0 to 2 have 5 bits, 3 to 9 have 6. */
function huffmanDigits(bytes: Buffer): string {
  let bits = [...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  let digits = ''
  while (bits.length >= 5) {
    const short = Number.parseInt(bits.slice(0, 5), 2)
    const long = Number.parseInt(bits.slice(0, 6), 2)
    if (short <= 2) digits += short
    else if (bits.length >= 6 && long >= 0x19 && long <= 0x1f) digits += long - 0x16
    else break
    bits = bits.slice(short <= 2 ? 5 : 6)
  }
  return digits
}
