// A WebSocket close frame with a status code and no reason (RFC 6455 section 5.5.1).
import { randomBytes } from 'node:crypto'

const FIN_CLOSE = 0x88
const MASKED = 0x80
const CODE_BYTES = 2

/** As a server sends it. */
export function closeFrame(code: number): Buffer {
  return Buffer.from([FIN_CLOSE, CODE_BYTES, code >> 8, code & 0xff])
}

/** As a client sends it: masked, by a key that nobody can foresee (section 5.3). */
export function maskedCloseFrame(code: number): Buffer {
  const mask = randomBytes(4)
  return Buffer.from([
    FIN_CLOSE,
    MASKED | CODE_BYTES,
    ...mask,
    (code >> 8) ^ mask[0]!,
    (code & 0xff) ^ mask[1]!,
  ])
}
