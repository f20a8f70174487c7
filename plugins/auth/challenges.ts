// The answers to who may not pass: the same for every reason, with the challenge of RFC 9110 section 11.6.1.
import { GatewayError } from '../../src/plugin.ts'
import type { Provider } from './provider.ts'
import type { Requirements } from './requirements.ts'

const RETRY_AFTER_S = '5'

/** `tokenPresented`: a token came along that was not good (RFC 6750 section 3.1). */
export function unauthenticated(providers: readonly Provider[], tokenPresented: boolean): GatewayError {
  const schemes = [...new Set(providers.map(({ scheme }) => scheme))]
  const headers = schemes.flatMap((scheme) => [
    'WWW-Authenticate',
    scheme === 'Bearer' && tokenPresented ? 'Bearer error="invalid_token"' : scheme,
  ])
  return new GatewayError('UNAUTHENTICATED', { headers })
}

export function forbidden({ scheme }: Provider, { scopes, anyScope }: Requirements): GatewayError {
  // Scopes come from the config and cannot hold a quote (RFC 6749 section 3.3).
  const wanted = [...scopes, ...anyScope].join(' ')
  const scope = wanted === '' ? '' : `, scope="${wanted}"`
  const headers = ['WWW-Authenticate', `${scheme} error="insufficient_scope"${scope}`]
  return new GatewayError('INSUFFICIENT_SCOPE', { headers })
}

export function undecidable(): GatewayError {
  return new GatewayError('IDENTITY_UNAVAILABLE', { headers: ['Retry-After', RETRY_AFTER_S] })
}
