// JSON strings in printable ASCII only: no byte of a client can end a log line or move a terminal's cursor.

// Everything that needs an escape: controls, quote, backslash, DEL and all that is not ASCII.
const UNSAFE = /[^\x20\x21\x23-\x5b\x5d-\x7e]/
const NOT_ASCII = /[\x7f-\uffff]/g

/** The text as a JSON string, at most `limit` UTF-16 units of it. */
export function jsonText(text: string, limit: number): string {
  const kept = text.length > limit ? text.slice(0, limit) : text
  return UNSAFE.test(kept) ? asciiJson(JSON.stringify(kept)) : `"${kept}"`
}

/** In JSON, what is not ASCII only occurs inside strings, so that an escape there never changes the meaning. */
export function asciiJson(json: string): string {
  return json.replace(NOT_ASCII, escapeUnit)
}

/** Numbers that JSON has no word for become null. */
export function jsonNumber(value: number): string {
  return Number.isFinite(value) ? String(value) : 'null'
}

/** Milliseconds to the microsecond: more digits are noise. */
export function jsonMs(value: number): string {
  return jsonNumber(Math.round(value * 1000) / 1000)
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
