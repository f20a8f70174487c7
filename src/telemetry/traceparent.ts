// W3C Trace Context: reads traceparent and tracestate strictly, as they come from anybody.

/** What a caller says about the trace that its request belongs to. */
export interface RemoteParent {
  readonly traceId: string
  readonly spanId: string
  /** Bit 0: sampled. Bit 1: the trace id is random (level 2). */
  readonly flags: number
}

export const SAMPLED = 1
const RANDOM_TRACE_ID = 2
const KNOWN_FLAGS = SAMPLED | RANDOM_TRACE_ID

const LENGTH = 55
const DASH = 0x2d
/** Section 3.3.1.1: vendors should carry at least 512 characters; more is a way to make every hop pay. */
const MAX_TRACESTATE = 512
const MAX_MEMBERS = 32
const KEY = /^(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})$/
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

/** Undefined for anything that is not exactly what sections 3.2.2 to 3.2.4 describe. */
export function parseTraceparent(header: string | undefined): RemoteParent | undefined {
  if (header === undefined || header.length < LENGTH || !isLaidOut(header)) return undefined
  const traceId = header.slice(3, 35)
  const spanId = header.slice(36, 52)
  if (isZero(traceId) || isZero(spanId)) return undefined
  return { traceId, spanId, flags: Number.parseInt(header.slice(53, 55), 16) & KNOWN_FLAGS }
}

/** The list as it came, or undefined when any part of it is malformed (section 3.3). */
export function parseTracestate(header: string | undefined): string | undefined {
  if (header === undefined || header.length > MAX_TRACESTATE) return undefined
  const members = header
    .split(',')
    .map((member) => member.replace(/^[ \t]+|[ \t]+$/g, ''))
    .filter((member) => member !== '')
  if (members.length === 0 || members.length > MAX_MEMBERS) return undefined
  const names = members.map(memberKey)
  const valid = names.every((name) => name !== undefined) && new Set(names).size === names.length
  return valid ? members.join(',') : undefined
}

export function formatTraceparent(traceId: string, spanId: string, flags: number): string {
  return `00-${traceId}-${spanId}-0${flags}`
}

/** `vv-<32 hex>-<16 hex>-ff`; a later version may go on after another dash, version ff is forbidden. */
function isLaidOut(header: string): boolean {
  const version = header.slice(0, 2)
  if (!isHex(header, 0, 2) || version === 'ff') return false
  if (header.length > LENGTH && (version === '00' || header.charCodeAt(LENGTH) !== DASH)) return false
  const dashed = [2, 35, 52].every((at) => header.charCodeAt(at) === DASH)
  return dashed && isHex(header, 3, 35) && isHex(header, 36, 52) && isHex(header, 53, 55)
}

/** Lower case only. */
function isHex(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at)
    const digit = code >= 0x30 && code <= 0x39
    if (!digit && (code < 0x61 || code > 0x66)) return false
  }
  return true
}

function isZero(id: string): boolean {
  for (let at = 0; at < id.length; at++) if (id.charCodeAt(at) !== 0x30) return false
  return true
}

function memberKey(member: string): string | undefined {
  const equals = member.indexOf('=')
  const key = member.slice(0, Math.max(0, equals))
  return KEY.test(key) && VALUE.test(member.slice(equals + 1)) ? key : undefined
}
