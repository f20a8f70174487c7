// How long to wait before a retry: random backoff, or what the service asked for in Retry-After.

const SECONDS = /^\d+$/
// RFC 9110 section 5.6.7: IMF-fixdate, and the two obsolete forms that a recipient must accept.
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? [\w: -]+$/

export interface Backoff {
  /** Upper bound of the first wait in milliseconds. */
  readonly base: number
  readonly max: number
}

/** Full jitter: clients that failed together must not come back together. `retry` counts from 1. */
export function backoffMs({ base, max }: Backoff, retry: number, random: number): number {
  return random * Math.min(base * 2 ** (retry - 1), max)
}

/** Never earlier than asked, and spread over half as long again. */
export function hintedMs(hintMs: number, random: number): number {
  return hintMs * (1 + random / 2)
}

/** Retry-After (RFC 9110 section 10.2.3) as milliseconds from now; undefined when it is not valid. */
export function parseRetryAfter(value: string, epochMs: number): number | undefined {
  if (SECONDS.test(value)) return Number(value) * 1000
  if (!HTTP_DATE.test(value)) return undefined
  // asctime has no zone, and would be read as local time.
  const at = Date.parse(value.endsWith(' GMT') ? value : `${value} GMT`)
  return Number.isNaN(at) ? undefined : Math.max(0, at - epochMs)
}
