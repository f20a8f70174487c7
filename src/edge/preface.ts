// How a connection begins: in clear text as HTTP/2 with prior knowledge (RFC 9113 section 3.4) or not, in TLS with a record.
import type { Judgement } from '../first-bytes.ts'

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** All bytes are left for whoever speaks the protocol. */
export function judgePreface(bytes: Buffer): Judgement<'h2' | 'http/1.1'> | undefined {
  const length = Math.min(bytes.length, PREFACE.length)
  if (!bytes.subarray(0, length).equals(PREFACE.subarray(0, length))) return { value: 'http/1.1', length: 0 }
  return length === PREFACE.length ? { value: 'h2', length: 0 } : undefined
}

const HANDSHAKE = 22
/** Type, version and length of a record (RFC 8446 section 5.1). */
const RECORD_HEAD_BYTES = 5
const MAX_FRAGMENT_BYTES = 16_384

/** Waits for the whole first record of a handshake; anything else is for TLS to refuse. All bytes are left to it. */
export function judgeFirstRecord(bytes: Buffer): Judgement<undefined> | undefined {
  const whole = { value: undefined, length: 0 }
  if (bytes[0] !== HANDSHAKE) return whole
  if (bytes.length < RECORD_HEAD_BYTES) return undefined
  const fragment = bytes.readUInt16BE(3)
  return bytes.length >= RECORD_HEAD_BYTES + fragment || fragment > MAX_FRAGMENT_BYTES ? whole : undefined
}
