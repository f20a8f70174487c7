// Real keys and really signed tokens, made with node:crypto alone so that no test trusts the library under test.
import {
  constants,
  createHmac,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign,
} from 'node:crypto'

export const ISSUER = 'https://idp.test'
export const AUDIENCE = 'gw'

/** A private key with the names by which an issuer publishes its public half. */
export interface TestKey {
  readonly id: string
  /** The algorithm that `signToken` uses with it, unless told otherwise. */
  readonly algorithm: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** The public key as PEM text. */
  readonly pem: string
}

export interface TokenOptions {
  readonly key: TestKey | string
  readonly algorithm?: string
  /** Replace or add to the claims of a good token; undefined removes one. */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
  /** Seconds since 1970 that the token is issued at; the token lives five minutes. */
  readonly at?: number
}

export function rsaKey(id: string, options: { bits?: number; algorithm?: string } = {}): TestKey {
  const pair = generateKeyPairSync('rsa', { modulusLength: options.bits ?? 2048 })
  return testKey(id, options.algorithm ?? 'RS256', pair)
}

export function ecKey(id: string, namedCurve: 'P-256' | 'P-384' | 'P-521' | 'secp256k1' = 'P-256'): TestKey {
  const algorithm = { 'P-256': 'ES256', 'P-384': 'ES384', 'P-521': 'ES512', secp256k1: 'ES256K' }[namedCurve]
  return testKey(id, algorithm, generateKeyPairSync('ec', { namedCurve }))
}

/** A token that is good in every respect, but for what the options change. */
export function signToken({ key, algorithm, claims, header, at = nowSeconds() }: TokenOptions): string {
  const isSecret = typeof key === 'string'
  const alg = algorithm ?? (isSecret ? 'HS256' : key.algorithm)
  const fields = { alg, typ: 'JWT', ...(isSecret ? {} : { kid: key.id }), ...header }
  const body = { iss: ISSUER, aud: AUDIENCE, sub: 'user-1', iat: at, exp: at + 300, ...claims }
  const input = `${encode(JSON.stringify(fields))}.${encode(JSON.stringify(body))}`
  return `${input}.${signature(input, key, alg)}`
}

/** A token of exactly these header and payload texts. */
export function signTexts(header: string, payload: string, key: TestKey | string, algorithm: string): string {
  const input = `${encode(header)}.${encode(payload)}`
  return `${input}.${signature(input, key, algorithm)}`
}

/** The signature of `<header>.<payload>`, as RFC 7518 wants it. */
export function signature(input: string, key: TestKey | string, algorithm: string): string {
  const digest = `sha${algorithm.slice(2)}`
  if (typeof key === 'string') return createHmac(digest, key).update(input).digest('base64url')
  return sign(digest, Buffer.from(input), { key: key.privateKey, ...signOptions(algorithm) }).toString(
    'base64url',
  )
}

/** The public key as a JWK, with members replaced or added; undefined removes one. */
export function jwkOf(key: TestKey, members: Readonly<Record<string, unknown>> = {}): JsonWebKey {
  return { ...key.publicKey.export({ format: 'jwk' }), kid: key.id, use: 'sig', ...members }
}

export function jwkSet(...keys: readonly (TestKey | JsonWebKey)[]): string {
  return JSON.stringify({ keys: keys.map((key) => (isTestKey(key) ? jwkOf(key) : key)) })
}

export function encode(text: string): string {
  return Buffer.from(text).toString('base64url')
}

function isTestKey(key: TestKey | JsonWebKey): key is TestKey {
  return 'privateKey' in key
}

function testKey(
  id: string,
  algorithm: string,
  pair: { publicKey: KeyObject; privateKey: KeyObject },
): TestKey {
  return { id, algorithm, ...pair, pem: pair.publicKey.export({ type: 'spki', format: 'pem' }).toString() }
}

function signOptions(algorithm: string): object {
  if (algorithm.startsWith('ES')) return { dsaEncoding: 'ieee-p1363' }
  if (!algorithm.startsWith('PS')) return {}
  return { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
}

function nowSeconds(): number {
  return Math.floor(Date.now() / 1000)
}
