// The fields of an answer as text: what a service sent as bytes leaves as the same bytes (RFC 9110 section 5.5).
import { KnownFields } from '../../known-fields.ts'

const LENGTH = 1
const DATE = 2
const CONNECTION = 3
/** Said by the connection alone. */
const OURS = 4

const known = new KnownFields([
  ['content-length', LENGTH],
  ['date', DATE],
  ['connection', CONNECTION],
  ['keep-alive', OURS],
  ['transfer-encoding', OURS],
])

export interface AnswerHead {
  /** Lines, each with its CRLF. */
  readonly fields: string
  /** What it says of its body; NaN when that is no number. */
  readonly length: number | undefined
  readonly isDated: boolean
  /** `Connection: close` was among them. */
  readonly closes: boolean
}

/** Throws a TypeError when a name or value cannot be sent. */
export function readAnswerHead(pairs: readonly string[]): AnswerHead {
  let fields = ''
  let length: number | undefined
  let isDated = false
  let closes = false
  for (let at = 0; at < pairs.length; at += 2) {
    const name = pairs[at]!
    const value = pairs[at + 1]!
    const field = known.find(name)
    const line = field?.line(value)
    if (field === undefined || line === undefined) throw new TypeError(`cannot be written: ${name}`)
    switch (field.kind) {
      case LENGTH:
        length = Number(value)
        break
      case DATE:
        isDated = true
        break
      case CONNECTION:
        closes ||= value === 'close'
        if (value !== 'Upgrade') continue
        break
      case OURS:
        continue
    }
    fields += line
  }
  return { fields, length, isDated, closes }
}

/** Of a head that frames nothing, and of trailers. Throws a TypeError as `readAnswerHead`. */
export function writeFields(pairs: readonly string[]): string {
  return readAnswerHead(pairs).fields
}
