// Header and trailer lines of an answer: text -> pairs as they came, and apart from them what frames the message.
import { HOP_BY_HOP, mayTrail } from '../../headers.ts'
import { assertText, trimmed } from '../../http1/message-text.ts'
import { UsualNames } from '../../http1/usual-names.ts'
import { KnownFields } from '../../known-fields.ts'
import { invalid } from './invalid.ts'

/** All that has no other meaning. */
const PASSED = 0
const DROPPED = 1
const CONNECTION = 2
const CODING = 3
const LENGTH = 4
const KEEP_ALIVE = 5
const UPGRADE = 6

const FRAMING = [
  ['connection', CONNECTION],
  ['transfer-encoding', CODING],
  ['content-length', LENGTH],
  ['keep-alive', KEEP_ALIVE],
  ['upgrade', UPGRADE],
] as const

const known = new KnownFields([...Array.from(HOP_BY_HOP, (name) => [name, DROPPED] as const), ...FRAMING])

const usual = new UsualNames((name) => known.find(name) !== undefined)

/** What the lines said. Values of several lines of one name are joined by commas. */
export class Fields {
  /** name, value ... in order and case, without what belongs to the connection. */
  readonly pairs: string[] = []
  connection: string | undefined
  coding: string | undefined
  length: string | undefined
  keepAlive: string | undefined
  upgrade: string | undefined
}

/** `text` is checked by `assertText`, and ends in CRLF after its last line. */
export function readFields(text: string, from: number): Fields {
  const fields = new Fields()
  usual.begin()
  for (let at = from; at < text.length; ) {
    const end = text.indexOf('\r\n', at)
    const colon = text.indexOf(':', at)
    // Also a folded line, and a space before the colon: neither is a name (RFC 9112 sections 5.1 and 5.2).
    if (colon < 0 || colon > end) throw invalid('a line without a name')
    const name = usual.read(text, at, colon)
    if (name === undefined) throw invalid('a name that is none')
    take(fields, name, trimmed(text, colon + 1, end))
    at = end + 2
  }
  return fields
}

function take(fields: Fields, name: string, value: string): void {
  switch (known.find(name)?.kind) {
    case PASSED:
      fields.pairs.push(name, value)
      break
    case CONNECTION:
      fields.connection = joined(fields.connection, value)
      break
    case CODING:
      fields.coding = joined(fields.coding, value)
      break
    case LENGTH:
      fields.length = joined(fields.length, value)
      fields.pairs.push(name, value)
      break
    case KEEP_ALIVE:
      fields.keepAlive = joined(fields.keepAlive, value)
      break
    case UPGRADE:
      fields.upgrade = joined(fields.upgrade, value)
      break
  }
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before},${value}`
}

/** Flat pairs, without what counts only in a head: recipients merge the two. */
export function readTrailers(text: string): string[] {
  assertText(text, invalid)
  const { pairs, length } = readFields(text, 0)
  if (length !== undefined) throw invalid('a length behind chunks')
  const trailers: string[] = []
  for (let at = 0; at < pairs.length; at += 2) {
    if (mayTrail(pairs[at]!.toLowerCase())) trailers.push(pairs[at]!, pairs[at + 1]!)
  }
  return trailers
}
