// One pass over the raw request headers: framing checked, hygiene done, what may go on collected.
import { GatewayError } from '../errors.ts'
import { createHeaderRules } from './header-rules.ts'

const ruleFor = createHeaderRules()

export interface RequestHead {
  /** The one Host, as sent. */
  readonly host: string
  /** Pairs that may go to the service as they are. */
  readonly forward: string[]
  /** Pairs that count only when the peer is a trusted proxy. */
  readonly forwarded: readonly string[]
  readonly contentLength: number | undefined
  readonly chunked: boolean
  /** True when the client waits for `100 Continue` before it sends its body. */
  readonly expectsContinue: boolean
  /** The other protocols that were asked for; without `Connection: upgrade` none were (RFC 9110 section 7.8). */
  readonly upgrade: string | undefined
  /** What the client says of its connection (RFC 9112 section 9.3): that it ends, that it stays. */
  readonly closes: boolean
  readonly keepsAlive: boolean
}

interface Scan {
  host: string | undefined
  connection: string | undefined
  contentLength: number | undefined
  chunked: boolean
  expectsContinue: boolean
  upgrade: string | undefined
  readonly forward: string[]
  readonly forwarded: string[]
}

/** `raw` are flat pairs as they were sent. Throws a GatewayError for anything with more than one meaning. */
export function readRequestHead(raw: readonly string[], maxFields: number): RequestHead {
  if (raw.length > maxFields * 2) throw new GatewayError('HEADERS_TOO_LARGE')
  const scan: Scan = {
    host: undefined,
    connection: undefined,
    contentLength: undefined,
    chunked: false,
    expectsContinue: false,
    upgrade: undefined,
    forward: [],
    forwarded: [],
  }
  for (let at = 0; at < raw.length; at += 2) take(scan, raw[at]!, raw[at + 1]!)
  if (scan.host === undefined) throw new GatewayError('INVALID_HOST')
  if (scan.chunked && scan.contentLength !== undefined) throw badFraming()
  const options = scan.connection === undefined ? NO_OPTIONS : optionsOf(scan.connection)
  removeListed(scan.forward, options)
  return {
    host: scan.host,
    forward: scan.forward,
    forwarded: scan.forwarded,
    contentLength: scan.contentLength,
    chunked: scan.chunked,
    expectsContinue: scan.expectsContinue,
    // A proxy in front that knows no upgrade drops Connection alone, and would take our tunnel for its next answers.
    upgrade: options.has('upgrade') ? scan.upgrade : undefined,
    closes: options.has('close'),
    keepsAlive: options.has('keep-alive'),
  }
}

function take(scan: Scan, name: string, value: string): void {
  switch (ruleFor(name)) {
    case 'forward':
      scan.forward.push(name, value)
      return
    case 'forwarded':
    case 'trusted-only':
      scan.forwarded.push(name, value)
      return
    case 'host':
      // RFC 9112 section 3.2: more than one Host must be refused.
      if (scan.host !== undefined) throw new GatewayError('INVALID_HOST')
      scan.host = value
      return
    case 'connection':
      scan.connection = joined(scan.connection, value)
      return
    case 'content-length':
      if (scan.contentLength !== undefined || !/^\d{1,15}$/.test(value)) throw badFraming()
      scan.contentLength = Number(value)
      scan.forward.push(name, value)
      return
    case 'transfer-encoding':
      takeCoding(scan, value)
      return
    case 'expect':
      if (value.toLowerCase() !== '100-continue') throw new GatewayError('EXPECTATION_FAILED')
      scan.expectsContinue = true
      return
    case 'upgrade':
      scan.upgrade = joined(scan.upgrade, value)
      return
    case 'drop':
      return
  }
}

function takeCoding(scan: Scan, value: string): void {
  // RFC 9112 section 6.1: an unknown coding is 501; the parser behind would drop it and pass coded bytes as plain.
  if (scan.chunked || value.toLowerCase() !== 'chunked')
    throw new GatewayError('TRANSFER_CODING_NOT_SUPPORTED')
  scan.chunked = true
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before},${value}`
}

const NO_OPTIONS: ReadonlySet<string> = new Set()
/** What nearly all clients say that say anything. */
const KEEP_ALIVE: ReadonlySet<string> = new Set(['keep-alive'])

function optionsOf(connection: string): ReadonlySet<string> {
  if (connection === 'keep-alive') return KEEP_ALIVE
  return new Set(connection.split(',').map((token) => token.trim().toLowerCase()))
}

/** A client must not choose which end-to-end framing the service sees. */
const NEVER_LISTED: ReadonlySet<string> = new Set(['close', 'keep-alive', 'content-length'])

function removeListed(forward: string[], options: ReadonlySet<string>): void {
  if (options === NO_OPTIONS || options === KEEP_ALIVE) return
  const listed = new Set([...options].filter((option) => !NEVER_LISTED.has(option)))
  if (listed.size === 0) return
  let kept = 0
  for (let at = 0; at < forward.length; at += 2) {
    if (listed.has(forward[at]!.toLowerCase())) continue
    forward[kept] = forward[at]!
    forward[kept + 1] = forward[at + 1]!
    kept += 2
  }
  forward.length = kept
}

function badFraming(): GatewayError {
  return new GatewayError('BAD_REQUEST', { detail: 'The length of the body is ambiguous.' })
}
