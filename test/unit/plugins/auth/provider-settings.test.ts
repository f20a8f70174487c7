// Which providers and consumers are taken, and what is said about those that are not.
import { describe, expect, it } from 'vitest'
import { auth } from '../../../../plugins/auth/auth.ts'
import { AUDIENCE, ecKey, ISSUER, rsaKey } from '../../../support/tokens.ts'
import { parseRoot } from './fakes.ts'

const rsa = rsaKey('rsa')
const p256 = ecKey('p256')
const weak = rsaKey('weak', { bits: 1024 })
const privatePem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const SECRET = 'corp-secret-of-more-than-32-bytes!!'
const KEY = 'acme-0123456789abcdef'
const jwt = (settings: object): object => ({ type: 'jwt', issuer: ISSUER, audience: AUDIENCE, ...settings })

/** `path: message` of each fault at the root. */
function faultsOf(input: object): string[] {
  const result = auth.root!.safeParse(input)
  return (result.error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`)
}

describe('a provider', () => {
  const good: [string, object][] = [
    ['a secret of 32 bytes', { secret: 'x'.repeat(32) }],
    ['a public key', { publicKey: rsa.pem }],
    ['a JWKS address', { jwksUrl: 'https://id.example.com/keys' }],
    ['a JWKS address on this machine', { jwksUrl: 'http://127.0.0.1:8080/keys' }],
    ['a JWKS address on this machine, by name', { jwksUrl: 'http://localhost/keys' }],
    ['a JWKS address on this machine, IPv6', { jwksUrl: 'http://[::1]:80/keys' }],
    ['a key file', { publicKeyFile: './key.pem' }],
    ['a JWK set file, whatever the issuer is', { jwksFile: './keys.json', issuer: 'anybody' }],
    ['only an issuer with an address', {}],
  ]

  it.each(good)('is taken with %s', (_, settings) => {
    expect(faultsOf({ auth: { corp: jwt(settings) } })).toEqual([])
  })

  const bad: [string, object, RegExp][] = [
    [
      'a secret of 31 bytes',
      { secret: 'x'.repeat(31) },
      /^auth.corp.secret: 31 bytes are too few for HS256: at least 32/,
    ],
    [
      'a secret too short for HS512',
      { secret: SECRET, algorithms: ['HS256', 'HS512'] },
      /secret: 35 bytes .* at least 64/,
    ],
    [
      'two places for keys',
      { secret: SECRET, jwksFile: 'x' },
      /corp.jwksFile: keys come from one place only, and "secret"/,
    ],
    [
      'HS256 with a public key',
      { publicKey: rsa.pem, algorithms: ['RS256', 'HS256'] },
      /algorithms.1: HS256 does not go with public keys/,
    ],
    [
      'HS256 with a JWKS address',
      { algorithms: ['HS256'] },
      /algorithms.0: HS256 does not go with public keys/,
    ],
    [
      'RS256 with a secret',
      { secret: SECRET, algorithms: ['RS256'] },
      /algorithms.0: RS256 does not go with a secret; use HS256, HS384, HS512/,
    ],
    ['the algorithm none', { algorithms: ['none'] }, /auth.corp.algorithms.0: /],
    ['no algorithm at all', { algorithms: [] }, /auth.corp.algorithms: /],
    [
      'an RSA key of 1024 bits',
      { publicKey: weak.pem },
      /publicKey: the key must be RSA of 2048 to 8192 bits/,
    ],
    ['a private key', { publicKey: privatePem }, /publicKey: this is a private key; give the public one/],
    ['text that is no key', { publicKey: 'MIIB' }, /publicKey: not a public key in PEM form/],
    [
      'an EC key for RS256',
      { publicKey: p256.pem, algorithms: ['RS256'] },
      /this key verifies ES256, but "algorithms" allows none/,
    ],
    ['an address without TLS', { jwksUrl: 'http://id.example.com/keys' }, /corp.jwksUrl: must be https/],
    [
      'an address that only looks local',
      { jwksUrl: 'http://127.0.0.1.example.com/' },
      /jwksUrl: must be https/,
    ],
    ['an address of a file', { jwksUrl: 'file:///etc/passwd' }, /jwksUrl: must be https/],
    [
      'an address with a password',
      { jwksUrl: 'https://a:b@id.example.com/' },
      /jwksUrl: the address must have no user/,
    ],
    [
      'the address of cloud metadata',
      { jwksUrl: 'https://169.254.169.254/' },
      /jwksUrl: link-local and cloud/,
    ],
    ['another spelling of it', { jwksUrl: 'https://[::ffff:a9fe:a9fe]/' }, /jwksUrl: link-local and cloud/],
    ['its name', { jwksUrl: 'https://metadata.google.internal/' }, /link-local and cloud/],
    ['no address', { jwksUrl: 'id.example.com' }, /jwksUrl: not an address like https/],
    [
      'an issuer that is no address, and no keys',
      { issuer: 'corp' },
      /auth.corp.issuer: the keys would be fetched from the issuer/,
    ],
    [
      'several issuers, and no keys',
      { issuer: [ISSUER, 'https://b.test'] },
      /auth.corp.issuer: several issuers: say where/,
    ],
    ['no audience', { audience: undefined }, /auth.corp.audience: must be a text or a list of texts/],
    ['a skew of an hour', { clockSkew: '1h' }, /auth.corp.clockSkew: at most 10m/],
    ['a skew without a unit', { clockSkew: '30' }, /clockSkew: .* is not a duration with a unit/],
    ['a key that nobody knows', { audiences: 'x' }, /Unrecognized key: "audiences"/],
    [
      'a header that frames requests',
      { header: 'Content-Length' },
      /header: "Content-Length" is not a header that may carry/,
    ],
    [
      'a header that is no header',
      { header: 'a b' },
      /header: "a b" is not a header that may carry credentials/,
    ],
    ['a claim in our own header', { claimsToHeaders: { 'x-consumer-ID': 'a' } }, /claimsToHeaders/],
    ['a claim as credentials', { claimsToHeaders: { Authorization: 'a' } }, /claimsToHeaders/],
    ['a claim in a header with a line break', { claimsToHeaders: { 'X-A\r\nX-B': 'a' } }, /claimsToHeaders/],
    ['a cookie that is no cookie', { cookie: 'a;b' }, /auth.corp.cookie: not a cookie name/],
  ]

  it.each(bad)('is refused with %s', (_, settings, message) => {
    expect(faultsOf({ auth: { corp: jwt(settings) } }).join('\n')).toMatch(message)
  })

  it.each([
    ['none', '"none" means no authentication and cannot be the name of a provider'],
    ['9lives', 'a name starts with a letter and has up to 64 letters, digits, "_" and "-"'],
    ['a b', 'a name starts with a letter and has up to 64 letters, digits, "_" and "-"'],
  ])('cannot be called %s', (name, message) => {
    const [issue] = auth.root!.safeParse({ auth: { [name]: jwt({}) } }).error!.issues
    expect(issue).toMatchObject({ code: 'invalid_key', path: ['auth', name], issues: [{ message }] })
  })

  it('is refused with a type that nobody knows', () => {
    expect(faultsOf({ auth: { corp: { type: 'saml' } } })).toEqual([
      expect.stringMatching(/^auth.corp.type: /),
    ])
  })

  it('never repeats a secret in what it says', () => {
    const said = faultsOf({
      auth: { corp: jwt({ secret: 'short-secret' }), other: jwt({ publicKey: 'not-a-key-text' }) },
      consumers: { acme: { apiKey: 'short-key' }, bad: { apiKey: ['has spaces in it, 123'] } },
    })
    expect(said).toHaveLength(4)
    expect(said.join()).not.toMatch(/short-secret|not-a-key-text|short-key|has spaces/)
  })
})

describe('a consumer', () => {
  it.each([
    ['a key of 15 characters', 'x'.repeat(15), /fewer than 16 characters can be guessed/],
    ['a key of 513 characters', 'x'.repeat(513), /at most 512/],
    ['a key with a comma', 'x'.repeat(16).concat(',y'), /without spaces and commas/],
    ['a key beyond ASCII', 'é'.repeat(16), /visible ASCII/],
    ['a digest that is too short', 'sha256:abc', /needs 64 lower-case hex digits/],
    ['no key in the list', [], /apiKey/],
  ])('is refused with %s', (_, apiKey, message) => {
    expect(JSON.stringify(auth.root!.safeParse({ consumers: { acme: { apiKey } } }))).toMatch(message)
  })

  it('is refused with the key of another, also when one of them is given as a digest', () => {
    const digest = parseRoot({ consumers: { a: { apiKey: KEY } } }).consumers?.['a']?.apiKey?.[0]
    const consumers = { a: { apiKey: KEY }, b: { apiKey: ['b-0123456789abcdef', `sha256:${digest}`] } }
    expect(faultsOf({ consumers })).toEqual([
      expect.stringMatching(/^consumers.b.apiKey: this key belongs to another/),
    ])
  })

  it.each([
    ['a space in a scope', { scopes: ['a b'] }],
    ['a quote in a scope', { scopes: ['a"b'] }],
    ['an unknown key', { key: KEY }],
  ])('is refused with %s', (_, consumer) => {
    expect(faultsOf({ consumers: { acme: consumer } })).toHaveLength(1)
  })
})
