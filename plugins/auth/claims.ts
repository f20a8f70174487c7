// Judges the registered claims of a token (RFC 7519 section 4.1) by wall-clock time.
import type { Reason } from './provider.ts'

export type Claims = Readonly<Record<string, unknown>>

export interface ClaimRules {
  readonly issuers: readonly string[]
  readonly audiences: readonly string[]
  readonly skewSeconds: number
  readonly requireExpiry: boolean
}

// The year 9999: what lies beyond is a mistake of units or an attack on arithmetic.
const MAX_TIME = 253_402_300_799

/** Why these claims do not let the caller in now; undefined when they do. */
export function claimFault(claims: Claims, rules: ClaimRules, nowSeconds: number): Reason | undefined {
  if (!rules.issuers.some((issuer) => issuer === claims['iss'])) return 'wrong issuer'
  if (!isMeantForUs(claims['aud'], rules.audiences)) return 'wrong audience'
  return timeFault(claims, rules, nowSeconds)
}

/** The second at which the token ends, the skew included; Infinity without `exp`. */
export function endOf(claims: Claims, skewSeconds: number): number {
  return typeof claims['exp'] === 'number' ? claims['exp'] + skewSeconds : Number.POSITIVE_INFINITY
}

function isMeantForUs(audience: unknown, accepted: readonly string[]): boolean {
  const named: readonly unknown[] = Array.isArray(audience) ? audience : [audience]
  return named.every((name) => typeof name === 'string') && named.some((name) => accepted.includes(name))
}

function timeFault(claims: Claims, rules: ClaimRules, nowSeconds: number): Reason | undefined {
  const { exp, nbf, iat } = claims
  if (![exp, nbf, iat].every(isTimeOrAbsent)) return 'time claim not acceptable'
  if (exp === undefined && rules.requireExpiry) return 'no expiry'
  if (nowSeconds >= endOf(claims, rules.skewSeconds)) return 'expired'
  const latest = nowSeconds + rules.skewSeconds
  if (typeof nbf === 'number' && nbf > latest) return 'not yet valid'
  return typeof iat === 'number' && iat > latest ? 'issued in the future' : undefined
}

function isTimeOrAbsent(value: unknown): boolean {
  return value === undefined || (typeof value === 'number' && value >= 0 && value <= MAX_TIME)
}
