// The text of heads and trailers (RFC 9112 sections 2.2 and 5): lines that each end in CRLF, and nothing that controls.
import type { GatewayError } from '../errors.ts'

/** What there is too much of. */
export type Excess = 'head' | 'extensions'

/** Makes the error of whoever reads: a client's bytes are not a service's. */
export type Fault = (reason: string, excess?: Excess) => GatewayError

// In parts, as V8 looks for up to 16 characters many places at a time: 0.18 instead of 0.45 us for a head of 160.
const LOW_CONTROL = /[\0-\x08\x0b\x0c\x0e-\x12]/
const HIGH_CONTROL = /[\x13-\x1f\x7f]/
const LOOSE_END = /\r(?!\n|$)|(?<!\r)\n/

/** Throws when the text cannot be (the beginning of) lines of a head, whatever comes after it. */
export function assertText(text: string, fault: Fault): void {
  if (LOW_CONTROL.test(text) || HIGH_CONTROL.test(text) || LOOSE_END.test(text)) {
    throw fault('a control character in a head')
  }
}

/** Without the spaces and tabs around it. */
export function trimmed(text: string, from: number, to: number): string {
  let start = from
  let end = to
  while (start < end && isSpace(text.charCodeAt(start))) start++
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--
  return text.slice(start, end)
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09
}
