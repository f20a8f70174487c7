// How long a freshly started contestant is under load before it is measured.

const MIN_MS = 1000
const MAX_MS = 3000
const SHARE = 0.6

/** Node compiles the hot path within the first seconds: what it costs until then says nothing. */
export function warmUpMs(seconds: number): number {
  return Math.min(MAX_MS, Math.max(MIN_MS, seconds * 1000 * SHARE))
}
