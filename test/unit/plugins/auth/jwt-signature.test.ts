// Which signatures a `jwt` provider believes.
import { describe, expect, it } from 'vitest'
import { ecKey, encode, jwkOf, type TestKey, type TokenOptions } from '../../../support/tokens.ts'
import { answerTo, base, claimsText, rsa, texts, token, withRsa } from './jwt-fixture.ts'

const SECRET = 'a secret that is longer than sixty-four bytes, so that HS512 will take it too'
const p256 = ecKey('p256')
const p384 = ecKey('p384', 'P-384')
const p521 = ecKey('p521', 'P-521')

describe('a token with a good signature', () => {
  const cases: [string, TestKey | string, object][] = [
    ['HS256', SECRET, { secret: SECRET }],
    ['HS384', SECRET, { secret: SECRET, algorithms: ['HS384'] }],
    ['HS512', SECRET, { secret: SECRET, algorithms: ['HS512'] }],
    ['RS256', rsa, { publicKey: rsa.pem }],
    ['RS384', rsa, { publicKey: rsa.pem, algorithms: ['RS384'] }],
    ['RS512', rsa, { publicKey: rsa.pem, algorithms: ['RS512'] }],
    ['PS256', rsa, { publicKey: rsa.pem }],
    ['PS384', rsa, { publicKey: rsa.pem, algorithms: ['PS384'] }],
    ['PS512', rsa, { publicKey: rsa.pem, algorithms: ['PS512'] }],
    ['ES256', p256, { publicKey: p256.pem }],
    ['ES384', p384, { publicKey: p384.pem }],
    ['ES512', p521, { publicKey: p521.pem }],
  ]

  it.each(cases)('is accepted when it is signed with %s', async (algorithm, key, keys) => {
    expect(await answerTo(token({ key, algorithm }), { ...base, ...keys })).toBe('accepted')
  })

  it.each(cases)(
    'is refused with 401 when one byte of its %s signature differs',
    async (algorithm, key, keys) => {
      const [header, payload, signed] = token({ key, algorithm }).split('.')
      const bytes = Buffer.from(signed!, 'base64url')
      bytes[7]! ^= 1
      const forged = `${header}.${payload}.${bytes.toString('base64url')}`
      expect(await answerTo(forged, { ...base, ...keys })).toBe('UNAUTHENTICATED')
    },
  )
})

describe('the algorithm of a token', () => {
  it.each(['none', 'None', 'NONE', 'nOnE'])(
    'is refused when it is %s, with and without a signature',
    async (alg) => {
      const unsigned = `${encode(JSON.stringify({ alg, typ: 'JWT' }))}.${encode(claimsText(''))}.`
      expect(await answerTo(unsigned)).toBe('UNAUTHENTICATED')
      expect(await answerTo(unsigned.slice(0, -1))).toBe('UNAUTHENTICATED')
      expect(await answerTo(texts(`{"alg":"${alg}"}`, claimsText('')))).toBe('UNAUTHENTICATED')
    },
  )

  it.each([
    ['the PEM text of the public key', rsa.pem],
    ['the PEM text without its last newline', rsa.pem.trimEnd()],
    ['the JWK of the public key', JSON.stringify(jwkOf(rsa))],
    ['an empty secret', ''],
  ])('cannot be confused: HS256 with %s as the secret is refused', async (_, secret) => {
    expect(await answerTo(token({ key: secret }))).toBe('UNAUTHENTICATED')
  })

  it.each([
    ['ES256 by another key under an RSA key', { key: p256, header: { kid: 'rsa' } }, withRsa],
    ['PS256 where only RS256 is allowed', { algorithm: 'PS256' }, { ...withRsa, algorithms: ['RS256'] }],
    ['HS256 where HS512 is required', { key: SECRET }, { ...base, secret: SECRET, algorithms: ['HS512'] }],
    ['RS256 labelled as PS256', { header: { alg: 'PS256' } }, withRsa],
    ['ES384 for a P-256 key', { key: p384 }, { ...base, publicKey: p256.pem }],
    ['a list of algorithms', { header: { alg: ['RS256'] } }, withRsa],
    ['no algorithm', { header: { alg: undefined } }, withRsa],
    ['EdDSA', { header: { alg: 'EdDSA' } }, withRsa],
  ] as [string, Partial<TokenOptions>, object][])(
    'is pinned: %s is refused',
    async (_, options, provider) => {
      expect(await answerTo(token(options), provider)).toBe('UNAUTHENTICATED')
    },
  )

  it('is refused for an ECDSA signature of r = 0 and s = 0', async () => {
    const input = token({ key: p256 }).split('.').slice(0, 2).join('.')
    for (const zeros of [Buffer.alloc(64), Buffer.from('3006020100020100', 'hex')]) {
      const forged = `${input}.${zeros.toString('base64url')}`
      expect(await answerTo(forged, { ...base, publicKey: p256.pem })).toBe('UNAUTHENTICATED')
    }
  })

  it('is refused for an ECDSA signature in DER form', async () => {
    const input = token({ key: p256 }).split('.').slice(0, 2).join('.')
    const { sign } = await import('node:crypto')
    const der = sign('sha256', Buffer.from(input), p256.privateKey).toString('base64url')
    expect(await answerTo(`${input}.${der}`, { ...base, publicKey: p256.pem })).toBe('UNAUTHENTICATED')
  })
})
