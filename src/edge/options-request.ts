// OPTIONS requests that end here: `OPTIONS *`, and those that may go no further (RFC 9110 sections 7.6.2 and 9.3.7).
import { HeaderList } from '../headers.ts'
import type { HttpExchange } from './http-exchange.ts'

/** The target of `OPTIONS *`: the gateway as a whole, not one of its routes. */
export const SERVER_WIDE = '*'

const ALLOW = 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'

/** Answers it, or counts this hop in `Max-Forwards`. */
export function takeOptions(exchange: HttpExchange): void {
  const { headers } = exchange.request
  const left = headers.get('max-forwards')
  if (exchange.path === SERVER_WIDE || left === '0') {
    exchange.respond({ status: 204, headers: new HeaderList(['Allow', ALLOW]) })
  } else if (left !== undefined && /^\d{1,9}$/.test(left)) {
    headers.set('Max-Forwards', String(Number(left) - 1))
  }
}
