// Which settings are taken, and what is said about those that are not.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { auth } from '../../../../plugins/auth/auth.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { AUDIENCE, ecKey, ISSUER, jwkSet, rsaKey, signToken } from '../../../support/tokens.ts'
import { bearer, fakeExchange, fakes, parseRoot, run, secondsOf } from './fakes.ts'

const rsa = rsaKey('rsa')
const p256 = ecKey('p256')
const p384 = ecKey('p384', 'P-384')
const weak = rsaKey('weak', { bits: 1024 })
const privatePem = rsa.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
const SECRET = 'corp-secret-of-more-than-32-bytes!!'
const KEY = 'acme-0123456789abcdef'
const NOW = secondsOf(new FakeClock())

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

  it('is refused under the name that means no authentication', () => {
    expect(faultsOf({ auth: { none: jwt({}) } })).toEqual([
      'auth.none: "none" means no authentication and cannot be the name of a provider',
    ])
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

describe('a route', () => {
  const root = parseRoot({
    auth: { corp: jwt({ secret: SECRET }), partner: { type: 'apiKey' } },
    consumers: { acme: { apiKey: KEY, scopes: ['a'] }, other: { scopes: ['b'] } },
  })
  const check = (settings: unknown, facts = root) =>
    auth.check!(auth.settings.parse(settings), { root: facts, identifies: true })

  it.each([
    ['corp'],
    [['corp', 'partner']],
    [{ use: 'corp', scopes: ['x'], anyScope: ['y'], claims: { a: ['b', 1], c: true } }],
    [{ use: ['partner', 'corp'], scopes: ['x'] }],
    [{ use: 'partner', scopes: ['a'], anyScope: ['a', 'b'] }],
  ])('may say %j', (settings) => {
    expect(check(settings)).toEqual([])
  })

  it.each([
    ['crop', [{ path: [], message: 'no auth provider named "crop"', hint: 'defined: corp, partner' }]],
    [
      ['corp', 'crop'],
      [{ path: [1], message: 'no auth provider named "crop"', hint: 'defined: corp, partner' }],
    ],
    [
      { use: 'x' },
      [{ path: ['use'], message: 'no auth provider named "x"', hint: 'defined: corp, partner' }],
    ],
    [
      { use: ['x', 'corp'] },
      [{ path: ['use', 0], message: 'no auth provider named "x"', hint: 'defined: corp, partner' }],
    ],
    [
      'toString',
      [{ path: [], message: 'no auth provider named "toString"', hint: 'defined: corp, partner' }],
    ],
    [['corp', 'corp'], [{ path: [1], message: 'the provider "corp" is named twice' }]],
    [{ use: 'partner', claims: { a: 'b' } }, [{ path: ['claims'], message: 'an API key has no claims' }]],
    [
      { use: 'partner', scopes: ['a', 'b'] },
      [
        {
          path: ['scopes'],
          message: 'no consumer with an API key has the scope "b"',
          hint: 'see "consumers"',
        },
      ],
    ],
    [
      { use: 'partner', anyScope: ['b', 'c'] },
      [
        {
          path: ['anyScope'],
          message: 'no consumer with an API key has the scope "b" or "c"',
          hint: 'see "consumers"',
        },
      ],
    ],
  ])('is told what is wrong with %j', (settings, faults) => {
    expect(check(settings)).toEqual(faults)
  })

  it('is told where to define providers when there are none, and to give somebody a key', () => {
    expect(check('corp', {})).toEqual([
      { path: [], message: 'no auth provider named "corp"', hint: 'define it under "auth" at the root' },
    ])
    const nobody = parseRoot({ auth: { partner: { type: 'apiKey' } }, consumers: { a: { tier: 'x' } } })
    expect(check('partner', nobody)).toEqual([
      { path: [], message: 'no consumer has an API key', hint: 'add "apiKey" under "consumers"' },
    ])
  })

  it.each([
    [''],
    [[]],
    [{}],
    [{ use: 'corp', scopes: [] }],
    [{ use: 'corp', scopes: ['a b'] }],
    [false],
    [7],
  ])('cannot say %j', (settings) => {
    expect(auth.settings.safeParse(settings).success).toBe(false)
  })

  it.each([
    [{ use: 'corp', claims: {} }],
    [{ use: 'corp', scope: ['a'] }],
    [{ use: 'corp', claims: { a: [] } }],
  ])('cannot say %j', (settings) => {
    expect(auth.settings.safeParse(settings).success).toBe(false)
  })

  it('must say something as soon as one provider is defined', () => {
    expect(auth.required!(root)).toBe(true)
    expect(auth.required!({})).toBe(false)
    expect(auth.required!({ auth: {} })).toBe(false)
  })

  it('is refused when it is built with a provider that does not exist', () => {
    expect(() => fakes().route('crop', {})).toThrow('no auth provider named "crop"')
  })
})

describe('the schemas', () => {
  it('give a JSON Schema with a description for each field', () => {
    const schema = z.toJSONSchema(auth.root!, { io: 'input' })
    const text = JSON.stringify(schema)
    expect(text).toContain('"default":"30s"')
    const fields = z.toJSONSchema(auth.settings, { io: 'input' }).anyOf
    expect(fields).toHaveLength(3)
    for (const branch of fields ?? []) expect(branch).toHaveProperty('description')
  })
})

describe('a key file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'auth-'))
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return name
  }
  const good = (key = rsa): string => signToken({ key, at: NOW })

  it('is read relative to the config', async () => {
    const root = { auth: { corp: jwt({ publicKeyFile: file('rsa.pem', rsa.pem) }) } }
    const hooks = fakes().route('corp', root, { folder })
    expect(await run(hooks, fakeExchange(bearer(good())))).toBeUndefined()
    expect((await run(hooks, fakeExchange(bearer(good(rsaKey('rsa'))))))?.status).toBe(401)
  })

  it('is read anew for a new generation, although the settings are the same', async () => {
    const fake = fakes()
    const root = { auth: { corp: jwt({ publicKeyFile: file('swap.pem', rsa.pem) }) } }
    fake.route('corp', root, { folder })
    file('swap.pem', p384.pem)
    const hooks = fake.route('corp', root, { folder })
    expect(await run(hooks, fakeExchange(bearer(good(p384))))).toBeUndefined()
    expect((await run(hooks, fakeExchange(bearer(good()))))?.status).toBe(401)
  })

  it('is another one for another folder, in gateways that share a clock', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'auth-'))
    writeFileSync(join(elsewhere, 'set.json'), jwkSet(p256))
    const root = { auth: { corp: jwt({ jwksFile: file('set.json', jwkSet(rsa)) }) } }
    const fake = fakes()
    const first = fake.route('corp', root, { folder })
    const second = fakes(fake.clock).route('corp', root, { folder: elsewhere })
    expect(await run(first, fakeExchange(bearer(good())))).toBeUndefined()
    expect((await run(second, fakeExchange(bearer(good()))))?.status).toBe(401)
    expect(await run(second, fakeExchange(bearer(good(p256))))).toBeUndefined()
  })

  it.each([
    ['publicKeyFile', 'missing.pem', undefined, /^auth.corp.publicKeyFile: ENOENT/],
    ['publicKeyFile', 'bad.pem', 'x', /^auth.corp.publicKeyFile: not a public key in PEM form/],
    ['jwksFile', 'missing.json', undefined, /^auth.corp.jwksFile: ENOENT/],
    ['jwksFile', 'bad.json', '{', /^auth.corp.jwksFile: the JWK set is not JSON/],
    ['jwksFile', 'weak.json', jwkSet(weak), /^auth.corp.jwksFile: the JWK set has no key that may verify/],
  ])('refuses the generation: %s %s', (field, name, text, message) => {
    if (text !== undefined) file(name, text)
    const root = { auth: { corp: jwt({ [field]: name }) } }
    expect(() => fakes().route('corp', root, { folder })).toThrow(message)
  })
})
