// What a client is told that may not pass.
import { GatewayError } from '../../src/plugin.ts'

/** `retryAfterMs`: until the last of the violated limits would admit it. */
export function rateLimited(names: readonly string[], retryAfterMs: number): GatewayError {
  // Rounded up: a client that comes back on the second must not come too early.
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000))
  return new GatewayError('RATE_LIMITED', {
    detail: `Try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`,
    headers: ['Retry-After', String(seconds)],
    members: { 'violated-policies': names },
  })
}

/** The store is looked for every 500 ms, so a second is a fair guess. */
export function uncheckable(cause: GatewayError): GatewayError {
  return new GatewayError('STORE_UNAVAILABLE', { cause, headers: ['Retry-After', '1'] })
}
