// Whether a connection in clear text begins as HTTP/2 with prior knowledge (RFC 9113 section 3.4).
import type { Judgement } from '../first-bytes.ts'

const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

/** All bytes are left for whoever speaks the protocol. */
export function judgePreface(bytes: Buffer): Judgement<'h2' | 'http/1.1'> | undefined {
  const length = Math.min(bytes.length, PREFACE.length)
  if (!bytes.subarray(0, length).equals(PREFACE.subarray(0, length))) return { value: 'http/1.1', length: 0 }
  return length === PREFACE.length ? { value: 'h2', length: 0 } : undefined
}
