// The signature algorithms, and which of them a key may be used with.
import type { KeyObject } from 'node:crypto'

export const SECRET_ALGORITHMS = ['HS256', 'HS384', 'HS512'] as const
export const PUBLIC_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
] as const
export const ALGORITHMS = [...SECRET_ALGORITHMS, ...PUBLIC_ALGORITHMS] as const

export type Algorithm = (typeof ALGORITHMS)[number]

/** Allowed for public keys when a provider names none; the curve of an EC key settles which ES it is. */
export const DEFAULT_PUBLIC: readonly Algorithm[] = ['RS256', 'PS256', 'ES256', 'ES384', 'ES512']
export const DEFAULT_SECRET: readonly Algorithm[] = ['HS256']

// RFC 7518 section 3.3. The upper bound keeps one verification cheap.
const MIN_RSA_BITS = 2048
const MAX_RSA_BITS = 8192

const CURVES: Readonly<Record<string, Algorithm>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
}

/** What this public key may verify; empty when it is too weak or of a kind that is not supported. */
export function algorithmsFor(key: KeyObject): readonly Algorithm[] {
  const details = key.asymmetricKeyDetails ?? {}
  if (key.asymmetricKeyType === 'ec') {
    const algorithm = CURVES[details.namedCurve ?? '']
    return algorithm === undefined ? [] : [algorithm]
  }
  if (!isStrongRsa(details.modulusLength ?? 0, details.publicExponent ?? 0n)) return []
  if (key.asymmetricKeyType === 'rsa') return PUBLIC_ALGORITHMS.filter((name) => !name.startsWith('ES'))
  // An rsa-pss key names its hash, and so the one algorithm that it is for.
  return PUBLIC_ALGORITHMS.filter((name) => name === `PS${details.hashAlgorithm?.slice('sha'.length)}`)
}

// With an exponent of 1 a signature is the message itself: anybody can write it.
function isStrongRsa(bits: number, exponent: bigint): boolean {
  return bits >= MIN_RSA_BITS && bits <= MAX_RSA_BITS && exponent >= 3n
}
