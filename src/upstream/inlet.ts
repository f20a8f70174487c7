// Where the bytes of a target come in: over TCP into buffers that are used again, over TLS by the socket's stream.
import { type NetConnectOpts, connect as openSocket, type Socket } from 'node:net'

/** What one read takes at most. */
const READ_BYTES = 64 * 1024
/** Less than this is cheaper copied than lent. */
const LENT_BYTES = 16 * 1024

/** The bytes are of no meaning after the call, unless they are made `lasting`. */
export type OnBytes = (bytes: Buffer) => void

export interface Inlet {
  /** Who is told of what comes. */
  listen(onBytes: OnBytes): void
  /** What of the bytes that have just come may be kept. */
  lasting(bytes: Buffer): Buffer
  /** Nobody needs what was made lasting any more. */
  onReturned(): void
  /** An answer has ended. */
  onEnd(): void
  /** From now on the socket is read like any other. `rest` has come already. */
  leaveTo(socket: Socket, rest: Buffer): void
}

/** Each read into it is dealt with before the next one begins, whatever the connection. */
const shared = Buffer.allocUnsafeSlow(READ_BYTES)
const inlets = new WeakMap<Socket, Inlet>()

/**
 * A connection that is read into buffers of ours. Node makes one of 64 KiB outside of the heap for each read: under large
 * bodies for slow clients V8 stopped for 10 to 30 ms several times a second to find those that were garbage.
 */
export function openBuffered(options: NetConnectOpts): Socket {
  const inlet: BufferInlet = new BufferInlet(() => socket.isPaused())
  const onread = { buffer: () => inlet.next(), callback: (length: number) => inlet.take(length) }
  const socket = openSocket({ ...options, onread })
  inlets.set(socket, inlet)
  return socket
}

export function inletOf(socket: Socket): Inlet {
  return inlets.get(socket) ?? new StreamInlet(socket)
}

/**
 * Small answers are read into `shared` and copied, a large body into one buffer as long as each part of it is given back
 * before the next one comes. While nobody takes a part, it is the only one: what comes first behind it is copied into it.
 */
class BufferInlet implements Inlet {
  readonly #isPaused: () => boolean
  #onBytes: OnBytes | undefined
  #buffer: Buffer = shared
  #isLarge = false
  #lent: Buffer | undefined
  #spare: Buffer | undefined
  #stream: Socket | undefined

  constructor(isPaused: () => boolean) {
    this.#isPaused = isPaused
  }

  listen(onBytes: OnBytes): void {
    this.#onBytes = onBytes
  }

  lasting(bytes: Buffer): Buffer {
    if (bytes.length < LENT_BYTES) return Buffer.from(bytes)
    this.#isLarge = true
    if (this.#buffer !== shared) {
      this.#lent = this.#buffer
      return bytes
    }
    this.#lent = this.#takeSpare(bytes.length > READ_BYTES / 2 ? READ_BYTES : bytes.length)
    bytes.copy(this.#lent)
    return this.#lent.subarray(0, bytes.length)
  }

  onReturned(): void {
    if (this.#lent !== this.#buffer && this.#lent?.length === READ_BYTES) this.#spare = this.#lent
    this.#lent = undefined
  }

  onEnd(): void {
    this.#isLarge = false
    this.#spare = undefined
    this.#lent = undefined
  }

  leaveTo(socket: Socket, rest: Buffer): void {
    this.#stream = socket
    if (rest.length > 0) socket.push(Buffer.from(rest))
  }

  /** False: a stream has enough, and reads again by itself. */
  take(length: number): boolean {
    const bytes = this.#buffer.subarray(0, length)
    if (this.#stream) return this.#stream.push(Buffer.from(bytes))
    this.#onBytes?.(bytes)
    return true
  }

  /** What the next read goes to: asked for after each. */
  next(): Buffer {
    if (!this.#isLarge) this.#buffer = shared
    else if (this.#buffer === shared || this.#buffer === this.#lent) {
      this.#buffer = this.#isPaused() ? shared : this.#takeSpare()
    }
    return this.#buffer
  }

  #takeSpare(size = READ_BYTES): Buffer {
    const spare = this.#spare ?? Buffer.allocUnsafeSlow(size)
    this.#spare = undefined
    return spare
  }
}

class StreamInlet implements Inlet {
  readonly #socket: Socket
  #onBytes: OnBytes | undefined

  constructor(socket: Socket) {
    this.#socket = socket
  }

  listen(onBytes: OnBytes): void {
    this.#onBytes = onBytes
    this.#socket.on('data', onBytes)
  }

  lasting(bytes: Buffer): Buffer {
    return bytes
  }

  onReturned(): void {}

  onEnd(): void {}

  leaveTo(socket: Socket, rest: Buffer): void {
    if (this.#onBytes) socket.off('data', this.#onBytes)
    if (rest.length > 0) socket.unshift(rest)
  }
}
