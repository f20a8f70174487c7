// Turns the text of a JWK set (RFC 7517) into keys, leaving out every key that must not verify signatures.
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto'
import { type Algorithm, algorithmsFor } from './algorithms.ts'
import { KeySet, type VerificationKey } from './key-set.ts'
import { MAX_KEY_ID_BYTES } from './token-format.ts'

/** The most that is read of a JWK set, from a file or an address. */
export const MAX_SET_BYTES = 256 * 1024
const MAX_KEYS = 100

type Members = Readonly<Record<string, unknown>>

/** Throws an Error that says why the text is no set of keys. */
export function parseJwkSet(text: string): KeySet {
  const keys = usableKeys(listedKeys(text))
  if (keys.length === 0) throw new Error('the JWK set has no key that may verify signatures')
  return new KeySet(keys)
}

function listedKeys(text: string): readonly unknown[] {
  const keys = parse(text)
  if (!Array.isArray(keys)) throw new Error('the JWK set has no list "keys"')
  if (keys.length > MAX_KEYS) throw new Error(`the JWK set has more than ${MAX_KEYS} keys`)
  return keys
}

function parse(text: string): unknown {
  try {
    const set: unknown = JSON.parse(text)
    return typeof set === 'object' && set !== null ? (set as Members)['keys'] : undefined
  } catch (cause) {
    throw new Error('the JWK set is not JSON', { cause })
  }
}

function usableKeys(listed: readonly unknown[]): VerificationKey[] {
  return listed.map(verificationKey).filter((key) => key !== undefined)
}

function verificationKey(jwk: unknown): VerificationKey | undefined {
  if (typeof jwk !== 'object' || jwk === null) return undefined
  const members = jwk as Members
  if (!mayVerify(members) || !hasUsableId(members['kid'])) return undefined
  const key = importKey(members)
  const algorithms = key === undefined ? [] : namedOnly(algorithmsFor(key), members['alg'])
  return key === undefined || algorithms.length === 0 ? undefined : { id: members['kid'], key, algorithms }
}

// RFC 7517 sections 4.2 and 4.3. A key whose private part is public has no owner any more.
function mayVerify(members: Members): boolean {
  const { use, key_ops: operations } = members
  if (use !== undefined && use !== 'sig') return false
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return false
  return members['d'] === undefined
}

function hasUsableId(id: unknown): id is string | undefined {
  return id === undefined || (typeof id === 'string' && Buffer.byteLength(id) <= MAX_KEY_ID_BYTES)
}

/** Only the members that make the public key are handed on. */
function importKey({ kty, n, e, crv, x, y }: Members): KeyObject | undefined {
  if (kty !== 'RSA' && kty !== 'EC') return undefined
  try {
    const key = (kty === 'RSA' ? { kty, n, e } : { kty, crv, x, y }) as JsonWebKey
    return createPublicKey({ key, format: 'jwk' })
  } catch {
    return undefined
  }
}

function namedOnly(algorithms: readonly Algorithm[], named: unknown): readonly Algorithm[] {
  return named === undefined ? algorithms : algorithms.filter((algorithm) => algorithm === named)
}
