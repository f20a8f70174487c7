// A thousand different tokens of one issuer, really signed, and the key set that verifies them.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'

const COUNT = 1000
const LIFETIME_S = 12 * 3600
const KEY_ID = 'bench-1'

export interface TokenSet {
  readonly issuer: string
  readonly audience: string
  readonly tokens: readonly string[]
  /** A JWK set. */
  readonly jwks: string
}

let made: TokenSet | undefined

/** Signed once for the whole run: a thousand RS256 signatures take a second. */
export function signedTokens(): TokenSet {
  made ??= signAll()
  return made
}

function signAll(): TokenSet {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const issuer = 'https://id.bench.test'
  const audience = 'bench'
  const iat = Math.floor(Date.now() / 1000)
  const claims = { iss: issuer, aud: audience, iat, exp: iat + LIFETIME_S, scope: 'orders:read orders:write' }
  return {
    issuer,
    audience,
    tokens: Array.from({ length: COUNT }, (_, at) => signToken({ ...claims, sub: `user-${at}` }, privateKey)),
    jwks: JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: KEY_ID, use: 'sig' }] }),
  }
}

function signToken(claims: object, key: KeyObject): string {
  const input = `${encode({ alg: 'RS256', typ: 'JWT', kid: KEY_ID })}.${encode(claims)}`
  return `${input}.${sign('sha256', Buffer.from(input), key).toString('base64url')}`
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
