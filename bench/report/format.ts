// Numbers as the tables show them. What was not measured is a dash.

const DASH = '–'

export function micros(value: number): string {
  return fixed(value, 1)
}

export function millis(value: number): string {
  return fixed(value, 2)
}

/** `2.41x`. */
export function times(value: number): string {
  return Number.isFinite(value) ? `${value.toFixed(2)}x` : DASH
}

export function percentOf(share: number): string {
  return Number.isFinite(share) ? `${(share * 100).toFixed(0)} %` : DASH
}

export function whole(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString('en-US') : DASH
}

export function megabytes(bytes: number): string {
  return Number.isFinite(bytes) ? `${(bytes / 1e6).toFixed(1)} MB` : DASH
}

export function kilobytes(bytes: number): string {
  return Number.isFinite(bytes) ? `${(bytes / 1e3).toFixed(1)} KB` : DASH
}

function fixed(value: number, digits: number): string {
  return Number.isFinite(value) ? value.toFixed(digits) : DASH
}
