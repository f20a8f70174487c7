// Which keys of a JWK set may verify tokens.
import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { algorithmsFor } from '../../../../plugins/auth/algorithms.ts'
import { parseJwkSet } from '../../../../plugins/auth/jwk-set.ts'
import { ecKey, jwkOf, jwkSet, rsaKey } from '../../../support/tokens.ts'

const rsa = rsaKey('rsa')
const p256 = ecKey('p256')
const p521 = ecKey('p521', 'P-521')
const other = rsaKey('other')

/** Whether the set with this key, beside a good one, offers it for its algorithm. */
function isOffered(
  jwk: unknown,
  algorithm: 'RS256' | 'PS256' | 'ES256' | 'ES512' = 'RS256',
  id = 'rsa',
): boolean {
  const text = JSON.stringify({ keys: [jwkOf(other), jwk] })
  return parseJwkSet(text).candidates(algorithm, id).length > 0
}

describe('a key of a JWK set', () => {
  it('verifies RS and PS when it is RSA, and the one algorithm of its curve when it is EC', () => {
    const keys = parseJwkSet(jwkSet(rsa, p256, p521))
    expect(keys.candidates('RS512', 'rsa')).toHaveLength(1)
    expect(keys.candidates('PS384', 'rsa')).toHaveLength(1)
    expect(keys.candidates('ES256', 'p256')).toHaveLength(1)
    expect(keys.candidates('ES384', 'p256')).toHaveLength(0)
    expect(keys.candidates('ES512', 'p521')).toHaveLength(1)
    expect(keys.candidates('ES256', 'rsa')).toHaveLength(0)
    expect(keys.candidates('HS256', 'rsa')).toHaveLength(0)
  })

  it('verifies only the algorithm that it names', () => {
    const jwk = jwkOf(rsa, { alg: 'RS256' })
    expect(isOffered(jwk, 'RS256')).toBe(true)
    expect(isOffered(jwk, 'PS256')).toBe(false)
  })

  it.each([
    ['is for encryption', { use: 'enc' }],
    ['has a use that is no text', { use: ['sig'] }],
    ['allows only encryption', { key_ops: ['encrypt'] }],
    ['has operations that are no list', { key_ops: 'verify' }],
    ['allows nothing', { key_ops: [] }],
    ['names an algorithm of another type', { alg: 'ES256' }],
    ['names an algorithm for encryption', { alg: 'RSA-OAEP' }],
    ['names no algorithm by an empty text', { alg: '' }],
    ['shows its private part', { d: 'AQAB' }],
    ['has a type that nobody knows', { kty: 'rsa' }],
    ['has no modulus', { n: undefined }],
    ['has a modulus that is a number', { n: 7 }],
    ['has an exponent of 1', { e: 'AQ' }],
    ['has an id that is a number', { kid: 7 }],
    ['has an id of more than 256 bytes', { kid: 'x'.repeat(257) }],
  ])('is left out when it %s', (_, members) => {
    expect(isOffered(jwkOf(rsa, members))).toBe(false)
  })

  it('may allow to verify among other operations', () => {
    expect(isOffered(jwkOf(rsa, { key_ops: ['verify', 'encrypt'] }))).toBe(true)
    expect(isOffered(jwkOf(rsa, { use: undefined }))).toBe(true)
  })

  it.each([
    ['RSA of 1024 bits', jwkOf(rsaKey('rsa', { bits: 1024 })), 'RS256'],
    ['EC on a curve without an algorithm', jwkOf(ecKey('rsa', 'secp256k1')), 'ES256'],
    ['a shared secret', { kty: 'oct', k: 'AAAA', kid: 'rsa' }, 'RS256'],
    ['an EC point off the curve', { ...jwkOf(p256), kid: 'rsa', y: jwkOf(p256).x }, 'ES256'],
    ['null', null, 'RS256'],
    ['a text', 'key', 'RS256'],
  ] as const)('is left out when it is %s', (_, jwk, algorithm) => {
    expect(isOffered(jwk, algorithm)).toBe(false)
  })

  it('is found by its id only, unless the token names none', () => {
    const keys = parseJwkSet(jwkSet(rsa, other, jwkOf(p256, { kid: undefined })))
    expect(keys.candidates('RS256', 'nobody')).toHaveLength(0)
    expect(keys.candidates('ES256', 'p256')).toHaveLength(0)
    expect(keys.candidates('ES256', undefined)).toHaveLength(1)
    expect(keys.candidates('RS256', undefined)).toHaveLength(2)
    expect(keys.candidates('RS256', '__proto__')).toHaveLength(0)
  })

  it('is one of at most four that a token without an id is tried with', () => {
    const many = Array.from({ length: 9 }, (_, at) => jwkOf(rsa, { kid: `k${at}` }))
    expect(parseJwkSet(jwkSet(...many)).candidates('RS256', undefined)).toHaveLength(4)
  })
})

describe('a JWK set', () => {
  const many = (count: number): string => jwkSet(...Array.from({ length: count }, () => jwkOf(p256)))

  it('has at most 100 keys', () => {
    expect(parseJwkSet(many(100)).candidates('ES256', 'p256')).toHaveLength(4)
    expect(() => parseJwkSet(many(101))).toThrow('the JWK set has more than 100 keys')
    expect(() => parseJwkSet(`{"keys":[${'{},'.repeat(9999)}{}]}`)).toThrow('more than 100 keys')
  })

  it.each([
    ['', 'the JWK set is not JSON'],
    ['<html>', 'the JWK set is not JSON'],
    ['null', 'the JWK set has no list "keys"'],
    ['[]', 'the JWK set has no list "keys"'],
    ['{"keys":{}}', 'the JWK set has no list "keys"'],
    ['{"keys":[]}', 'the JWK set has no key that may verify signatures'],
    ['{"keys":[{"kty":"oct","k":"AA"}]}', 'the JWK set has no key that may verify signatures'],
    [rsa.pem, 'the JWK set is not JSON'],
  ])('is refused as %s', (text, message) => {
    expect(() => parseJwkSet(text)).toThrow(message)
  })
})

describe('an RSA-PSS key', () => {
  it('verifies the one algorithm that it was made for', () => {
    const options = { modulusLength: 2048, hashAlgorithm: 'sha384', mgf1HashAlgorithm: 'sha384' }
    expect(algorithmsFor(generateKeyPairSync('rsa-pss', options).publicKey)).toEqual(['PS384'])
  })

  it('verifies nothing when it was made for no algorithm in particular', () => {
    expect(algorithmsFor(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).publicKey)).toEqual([])
  })
})
