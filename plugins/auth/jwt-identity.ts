// Reads who the caller is out of the claims of a verified token.
import type { Consumer } from '../../src/plugin.ts'
import type { Claims } from './claims.ts'
import { claimHeaders, consumerHeaders } from './identity-headers.ts'
import type { Identity } from './provider.ts'
import { isScope } from './scope.ts'

export interface IdentityClaims {
  readonly consumer: string
  readonly tier?: string | undefined
  readonly scope?: string | undefined
  readonly claimsToHeaders: Readonly<Record<string, string>>
}

// OpenID Connect Core section 2: a subject has at most 255 characters.
const MAX_ID_LENGTH = 255

export interface Known {
  /** Tiers of declared consumers, for tokens that carry none. */
  readonly tiers: ReadonlyMap<string, string>
  /** Milliseconds since 1970 from which on the token lets nobody in; Infinity for one without an end. */
  readonly expiresAt: number
}

/** Undefined when the claims name nobody. */
export function identityOf(
  claims: Claims,
  names: IdentityClaims,
  { tiers, expiresAt }: Known,
): Identity | undefined {
  const id = consumerId(own(claims, names.consumer))
  if (id === undefined) return undefined
  const tier = names.tier === undefined ? undefined : nonEmptyText(own(claims, names.tier))
  const consumer: Consumer = {
    id,
    tier: tier ?? tiers.get(id),
    scopes: scopesOf(claims, names.scope),
    claims,
    expiresAt,
  }
  const headers = [...consumerHeaders(consumer), ...claimHeaders(names.claimsToHeaders, claims)]
  return { consumer: Object.freeze(consumer), headers }
}

function consumerId(claim: unknown): string | undefined {
  const id = Number.isSafeInteger(claim) ? String(claim) : nonEmptyText(claim)
  return id !== undefined && id.length <= MAX_ID_LENGTH ? id : undefined
}

// A lone surrogate has no UTF-8: two different ids would become one on the way to the service.
function nonEmptyText(claim: unknown): string | undefined {
  return typeof claim === 'string' && claim !== '' && claim.isWellFormed() ? claim : undefined
}

/** RFC 8693 section 4.2 has one string with spaces, several issuers a list, some of them under `scp`. */
function scopesOf(claims: Claims, name: string | undefined): readonly string[] {
  const claim = name === undefined ? (own(claims, 'scope') ?? own(claims, 'scp')) : own(claims, name)
  const listed: readonly unknown[] =
    typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : []
  return [...new Set(listed.filter(isScope))]
}

function own(claims: Claims, name: string): unknown {
  return Object.hasOwn(claims, name) ? claims[name] : undefined
}
