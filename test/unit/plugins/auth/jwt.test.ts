// Which tokens a `jwt` provider lets in, and what it answers to all others.
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../support/fake-clock.ts'
import {
  AUDIENCE,
  ecKey,
  encode,
  ISSUER,
  jwkOf,
  rsaKey,
  signature,
  signTexts,
  signToken,
  type TestKey,
  type TokenOptions,
} from '../../../support/tokens.ts'
import { bearer, challenges, fakeExchange, fakes, run, secondsOf } from './fakes.ts'

const SECRET = 'a secret that is longer than sixty-four bytes, so that HS512 will take it too'
const rsa = rsaKey('rsa')
const p256 = ecKey('p256')
const p384 = ecKey('p384', 'P-384')
const p521 = ecKey('p521', 'P-521')
const NOW = secondsOf(new FakeClock())

const base = { type: 'jwt', issuer: ISSUER, audience: AUDIENCE }
const withRsa = { ...base, publicKey: rsa.pem }

async function answerTo(token: string, provider: object = withRsa): Promise<string> {
  const hooks = fakes().route('corp', { auth: { corp: provider } })
  const refusal = await run(hooks, fakeExchange(bearer(token)))
  return refusal?.code ?? 'accepted'
}

const token = (options: Partial<TokenOptions> = {}): string => signToken({ key: rsa, at: NOW, ...options })

/** A token of these JSON texts, really signed by the RSA key. */
const texts = (header: string, payload: string): string => signTexts(header, payload, rsa, 'RS256')
const claimsText = (extra: string): string =>
  `{"iss":"${ISSUER}","aud":"${AUDIENCE}","sub":"user-1","exp":${NOW + 60}${extra}}`

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

describe('the header of a token', () => {
  const attacker = rsaKey('attacker')

  it.each([
    ['its own key as `jwk`', { jwk: jwkOf(attacker) }],
    ['the address of its own keys as `jku`', { jku: 'http://169.254.169.254/jwks.json' }],
    ['the address of a certificate as `x5u`', { x5u: 'http://169.254.169.254/cert.pem' }],
    ['its own certificate as `x5c`', { x5c: ['MIIB'] }],
  ])('cannot bring %s', async (_, header) => {
    expect(await answerTo(token({ key: attacker, header }))).toBe('UNAUTHENTICATED')
  })

  it.each([
    ['a known critical extension', { crit: ['b64'], b64: false }],
    ['an unknown critical extension', { crit: ['x'], x: 1 }],
    ['an empty list of critical extensions', { crit: [] }],
    ['the type of a logout token', { typ: 'logout+jwt' }],
    ['the type of a DPoP proof', { typ: 'dpop+jwt' }],
    ['a type that is no text', { typ: 1 }],
    ['a key id that is a list', { kid: ['rsa'] }],
    ['a key id that is a number', { kid: 7 }],
    ['a key id that is null', { kid: null }],
    ['a key id of more than 256 bytes', { kid: 'é'.repeat(129) }],
  ])('is refused with %s', async (_, header) => {
    expect(await answerTo(token({ header }))).toBe('UNAUTHENTICATED')
  })

  it.each([{ typ: undefined }, { typ: 'at+jwt' }, { typ: 'jwt' }, { typ: 'application/at+jwt' }])(
    'is accepted with %o',
    async (header) => {
      expect(await answerTo(token({ header }))).toBe('accepted')
    },
  )

  it('may name any key id where one key is configured', async () => {
    for (const kid of ['../../dev/null', "' OR 1=1", '__proto__', 'a\u0000b']) {
      expect(await answerTo(token({ header: { kid } }))).toBe('accepted')
      expect(await answerTo(token({ key: attacker, header: { kid } }))).toBe('UNAUTHENTICATED')
    }
  })
})

describe('the form of a token', () => {
  const good = token()
  const [header, payload, signed] = good.split('.') as [string, string, string]
  const lastOf = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  // 256 bytes leave four unused bits in the last character.
  const strayBits = signed.slice(0, -1) + lastOf[lastOf.indexOf(signed.at(-1)!) + 1]

  it.each([
    ['two segments', `${header}.${payload}`],
    ['four segments', `${good}.${signed}`],
    ['the five segments of an encrypted token', `${good}.a.b`],
    ['nothing at all', ''],
    ['only dots', '..'],
    ['padding', `${good}==`],
    ['stray bits at the end of the signature', `${header}.${payload}.${strayBits}`],
    ['a line break inside', `${header}.${payload}.${signed.slice(0, 9)}\n${signed.slice(9)}`],
    ['a space before it', ` ${good}`],
    ['a second token after a comma', `${good}, Bearer ${good}`],
    ['the other base64 alphabet', `${header}.${payload}.${signed.slice(0, -4)}+/+/`],
    ['an empty payload', signTexts(`{"alg":"RS256"}`, '', rsa, 'RS256')],
  ])('is refused with %s', async (_, text) => {
    expect(await answerTo(text)).toBe('UNAUTHENTICATED')
  })

  it('is refused beyond 8 KB, before it is even hashed, and accepted below', async () => {
    expect(await answerTo(token({ claims: { pad: 'x'.repeat(5000) } }))).toBe('accepted')
    expect(await answerTo(token({ claims: { pad: 'x'.repeat(6500) } }))).toBe('UNAUTHENTICATED')
  })

  it.each([
    ['a payload that is a list', texts('{"alg":"RS256"}', `[${claimsText('')}]`)],
    ['a payload that is a nested token', texts('{"alg":"RS256","cty":"JWT"}', token())],
    ['a payload that is no JSON', texts('{"alg":"RS256"}', `${claimsText('')},`)],
    ['a byte order mark', texts('{"alg":"RS256"}', `\ufeff${claimsText('')}`)],
    ['a claim twice', texts('{"alg":"RS256"}', claimsText(`,"exp":${NOW + 90}`))],
    ['a claim twice in another spelling', texts('{"alg":"RS256"}', claimsText(`,"\\u0065xp" : ${NOW + 90}`))],
    ['an algorithm twice', texts('{"alg":"none","alg":"RS256"}', claimsText(''))],
    ['a header that is no object', texts('"RS256"', claimsText(''))],
  ])('is refused with %s', async (_, text) => {
    expect(await answerTo(text)).toBe('UNAUTHENTICATED')
  })

  it('is refused when the payload is not UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from(claimsText('').slice(0, -1)),
      Buffer.from(',"x":"\xff"}', 'latin1'),
    ])
    const input = `${encode('{"alg":"RS256"}')}.${bytes.toString('base64url')}`
    expect(await answerTo(`${input}.${signature(input, rsa, 'RS256')}`)).toBe('UNAUTHENTICATED')
  })

  it('may repeat a name in a nested object and in strings', async () => {
    const extra = ',"a":{"exp":1,"sub":"x"},"b":["exp","exp"],"c":"\\"exp\\":1","d":{"d":"}"}'
    expect(await answerTo(texts('{"alg":"RS256"}', claimsText(extra)))).toBe('accepted')
  })
})

describe('the claims of a token', () => {
  const outcomes: [string, Record<string, unknown>, string][] = [
    ['expired 29 s ago, within the clock skew', { exp: NOW - 29 }, 'accepted'],
    ['expired 30 s ago', { exp: NOW - 30 }, 'UNAUTHENTICATED'],
    ['expired 31 s ago', { exp: NOW - 31 }, 'UNAUTHENTICATED'],
    ['valid only in 31 s', { nbf: NOW + 31 }, 'UNAUTHENTICATED'],
    ['valid only in 29 s, within the clock skew', { nbf: NOW + 29 }, 'accepted'],
    ['issued in an hour', { iat: NOW + 3600 }, 'UNAUTHENTICATED'],
    ['issued in 29 s, within the clock skew', { iat: NOW + 29 }, 'accepted'],
    ['without an expiry', { exp: undefined }, 'UNAUTHENTICATED'],
    ['with fractions of a second', { exp: NOW + 0.5, iat: NOW - 0.5 }, 'accepted'],
    ['with an expiry that is text', { exp: `${NOW + 60}` }, 'UNAUTHENTICATED'],
    ['with an expiry of "1e99"', { exp: '1e99' }, 'UNAUTHENTICATED'],
    ['with an expiry of null', { exp: null }, 'UNAUTHENTICATED'],
    ['with a negative expiry', { exp: -1 }, 'UNAUTHENTICATED'],
    ['with an expiry of 1e308', { exp: 1e308 }, 'UNAUTHENTICATED'],
    ['with an expiry in milliseconds', { exp: (NOW + 60) * 1000 }, 'UNAUTHENTICATED'],
    ['with a start that is text', { nbf: '0' }, 'UNAUTHENTICATED'],
    ['with an issue time that is a list', { iat: [NOW] }, 'UNAUTHENTICATED'],
    ['for another audience', { aud: 'other' }, 'UNAUTHENTICATED'],
    ['without an audience', { aud: undefined }, 'UNAUTHENTICATED'],
    ['for several audiences and us', { aud: ['other', AUDIENCE] }, 'accepted'],
    ['for several audiences without us', { aud: ['other', 'gwx'] }, 'UNAUTHENTICATED'],
    ['for an audience that is an object', { aud: { gw: true } }, 'UNAUTHENTICATED'],
    ['for audiences of which one is no text', { aud: [AUDIENCE, { x: 1 }] }, 'UNAUTHENTICATED'],
    ['for an empty list of audiences', { aud: [] }, 'UNAUTHENTICATED'],
    ['of another issuer', { iss: 'https://evil.test' }, 'UNAUTHENTICATED'],
    ['of our issuer with a slash more', { iss: `${ISSUER}/` }, 'UNAUTHENTICATED'],
    ['of a list of issuers', { iss: [ISSUER] }, 'UNAUTHENTICATED'],
    ['without an issuer', { iss: undefined }, 'UNAUTHENTICATED'],
    ['that names nobody', { sub: undefined }, 'UNAUTHENTICATED'],
    ['that names an empty subject', { sub: '' }, 'UNAUTHENTICATED'],
    ['whose subject is an object', { sub: { id: 1 } }, 'UNAUTHENTICATED'],
    ['whose subject is half a character', { sub: 'a\ud800' }, 'UNAUTHENTICATED'],
    ['whose subject is longer than 255 characters', { sub: 'x'.repeat(256) }, 'UNAUTHENTICATED'],
    ['whose subject is a number', { sub: 42 }, 'accepted'],
  ]

  it.each(outcomes)('%s: %o -> %s', async (_, claims, expected) => {
    expect(await answerTo(token({ claims }))).toBe(expected)
  })

  it('are refused with an expiry that JSON reads as infinite', async () => {
    const payload = claimsText('').replace(`${NOW + 60}`, '1e999')
    expect(await answerTo(texts('{"alg":"RS256"}', payload))).toBe('UNAUTHENTICATED')
  })

  it('may lack an expiry where the provider says so', async () => {
    const lax = { ...withRsa, requireExp: false }
    expect(await answerTo(token({ claims: { exp: undefined } }), lax)).toBe('accepted')
  })

  it('follow the configured clock skew', async () => {
    const strict = { ...withRsa, clockSkew: '0s' }
    expect(await answerTo(token({ claims: { exp: NOW + 1 } }), strict)).toBe('accepted')
    expect(await answerTo(token({ claims: { exp: NOW } }), strict)).toBe('UNAUTHENTICATED')
  })

  it('may name any of several issuers and audiences', async () => {
    const several = { ...withRsa, issuer: ['https://a.test', ISSUER], audience: ['one', 'two'] }
    expect(await answerTo(token({ claims: { aud: 'two' } }), several)).toBe('accepted')
    expect(await answerTo(token({ claims: { iss: 'https://b.test', aud: 'two' } }), several)).toBe(
      'UNAUTHENTICATED',
    )
  })
})

describe('the place of a token', () => {
  const good = token()
  const outcomes: [string, string[], string][] = [
    ['the scheme in lower case', ['authorization', `bearer ${good}`], 'accepted'],
    ['the scheme in upper case', ['AUTHORIZATION', `BEARER ${good}`], 'accepted'],
    ['two spaces after the scheme', ['Authorization', `Bearer  ${good}`], 'UNAUTHENTICATED'],
    ['no scheme', ['Authorization', good], 'UNAUTHENTICATED'],
    ['another scheme', ['Authorization', `Basic ${good}`], 'UNAUTHENTICATED'],
    ['the scheme alone', ['Authorization', 'Bearer'], 'UNAUTHENTICATED'],
    [
      'the same header twice',
      ['Authorization', `Bearer ${good}`, 'authorization', `Bearer ${good}`],
      'UNAUTHENTICATED',
    ],
    ['two tokens in one header', ['Authorization', `Bearer ${good}, Bearer ${good}`], 'UNAUTHENTICATED'],
    ['a cookie that nobody configured', ['Cookie', `session=${good}`], 'UNAUTHENTICATED'],
  ]

  it.each(outcomes)('%s', async (_, pairs, expected) => {
    const refusal = await run(fakes().route('corp', { auth: { corp: withRsa } }), fakeExchange(pairs))
    expect(refusal?.code ?? 'accepted').toBe(expected)
  })

  it('is never the query', async () => {
    const hooks = fakes().route('corp', { auth: { corp: withRsa } })
    expect((await run(hooks, fakeExchange([], `?access_token=${good}`)))?.code).toBe('UNAUTHENTICATED')
  })

  it('may be another header, with the bare token', async () => {
    const hooks = fakes().route('corp', { auth: { corp: { ...withRsa, header: 'X-Access-Token' } } })
    expect(await run(hooks, fakeExchange({ 'x-access-token': good }))).toBeUndefined()
    expect((await run(hooks, fakeExchange({ 'x-access-token': `Bearer ${good}` })))?.status).toBe(401)
    expect((await run(hooks, fakeExchange(bearer(good))))?.status).toBe(401)
  })

  const cookies: [string, string[], string][] = [
    ['alone', ['Cookie', `session=${good}`], 'accepted'],
    ['among others', ['Cookie', `a=1; session=${good}; b=2`], 'accepted'],
    ['in fields that HTTP/2 split', ['cookie', 'a=1', 'cookie', `session=${good}`], 'accepted'],
    ['twice', ['Cookie', `session=${good}; session=${good}`], 'UNAUTHENTICATED'],
    [
      'beside a token in the header',
      ['Cookie', `session=${good}`, 'Authorization', `Bearer ${good}`],
      'UNAUTHENTICATED',
    ],
    ['under a longer name', ['Cookie', `xsession=${good}`], 'UNAUTHENTICATED'],
    ['without a value', ['Cookie', 'session'], 'UNAUTHENTICATED'],
  ]

  it.each(cookies)('may be a configured cookie: %s', async (_, pairs, expected) => {
    const hooks = fakes().route('corp', { auth: { corp: { ...withRsa, cookie: 'session' } } })
    const refusal = await run(hooks, fakeExchange(pairs))
    expect(refusal?.code ?? 'accepted').toBe(expected)
  })
})

describe('the answer to a bad token', () => {
  it('is the same for an expired, a forged and a misaddressed one', async () => {
    const hooks = fakes().route('corp', { auth: { corp: withRsa } })
    const answers = []
    for (const bad of [
      token({ claims: { exp: 1 } }),
      `${token().slice(0, -8)}AAAAAAAA`,
      token({ claims: { aud: 'x' } }),
      'x',
    ]) {
      const { code, status, detail, headers, members } = (await run(hooks, fakeExchange(bearer(bad))))!
      answers.push(JSON.stringify({ code, status, detail, headers, members }))
    }
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toContain('Bearer error=\\"invalid_token\\"')
  })

  it('carries a plain challenge when no token came along', async () => {
    const refusal = await run(fakes().route('corp', { auth: { corp: withRsa } }), fakeExchange())
    expect(refusal?.code).toBe('UNAUTHENTICATED')
    expect(challenges(refusal)).toEqual(['Bearer'])
  })

  it('calls two tokens a bad one, not an absent one', async () => {
    const twice = ['Authorization', `Bearer ${token()}`, 'Authorization', `Bearer ${token()}`]
    const refusal = await run(fakes().route('corp', { auth: { corp: withRsa } }), fakeExchange(twice))
    expect(challenges(refusal)).toEqual(['Bearer error="invalid_token"'])
  })

  it('is counted by decision, and its reason is only in the debug log', async () => {
    const fake = fakes()
    const hooks = fake.route('corp', { auth: { corp: withRsa } })
    const expired = token({ claims: { exp: 1 } })
    await run(hooks, fakeExchange(bearer(expired)))
    await run(hooks, fakeExchange())
    await run(hooks, fakeExchange(bearer(token())))
    expect(fake.logs).toEqual([
      { level: 'debug', facts: { provider: 'corp', reason: 'expired' }, message: 'credentials refused' },
    ])
    expect(Object.fromEntries(fake.counts)).toEqual({
      'auth_decisions_total{provider=corp,decision=rejected}': 1,
      'auth_decisions_total{provider=corp,decision=absent}': 1,
      'auth_decisions_total{provider=corp,decision=accepted}': 1,
    })
  })
})

describe('the cache of verified tokens', () => {
  it('does not take a forged signature for the true one', async () => {
    const hooks = fakes().route('corp', { auth: { corp: withRsa } })
    const good = token()
    const [header, payload] = good.split('.')
    const other = token({ claims: { jti: 'other' } }).split('.')[2]
    expect(await run(hooks, fakeExchange(bearer(good)))).toBeUndefined()
    expect((await run(hooks, fakeExchange(bearer(`${header}.${payload}.${other}`))))?.status).toBe(401)
    expect(await run(hooks, fakeExchange(bearer(good)))).toBeUndefined()
  })

  it('lets a token in no longer than its expiry and the skew', async () => {
    const fake = fakes()
    const hooks = fake.route('corp', { auth: { corp: withRsa } })
    const short = token({ claims: { exp: NOW + 10 } })
    expect(await run(hooks, fakeExchange(bearer(short)))).toBeUndefined()
    await fake.clock.advance(39_000)
    expect(await run(hooks, fakeExchange(bearer(short)))).toBeUndefined()
    await fake.clock.advance(1_000)
    expect((await run(hooks, fakeExchange(bearer(short))))?.status).toBe(401)
  })

  it('judges by wall time when the clock is stepped forwards and backwards by an hour', async () => {
    const fake = fakes()
    const hooks = fake.route('corp', { auth: { corp: withRsa } })
    const good = token({ claims: { nbf: NOW } })
    expect(await run(hooks, fakeExchange(bearer(good)))).toBeUndefined()
    fake.clock.stepWallTime(3_600_000)
    expect((await run(hooks, fakeExchange(bearer(good))))?.status).toBe(401)
    fake.clock.stepWallTime(-7_200_000)
    expect((await run(hooks, fakeExchange(bearer(good))))?.status).toBe(401)
    fake.clock.stepWallTime(3_600_000)
    expect(await run(hooks, fakeExchange(bearer(good)))).toBeUndefined()
  })

  it('is not shared between two providers that trust different audiences', async () => {
    const fake = fakes()
    const root = { auth: { corp: withRsa, other: { ...withRsa, audience: 'other' } } }
    expect(await run(fake.route('corp', root), fakeExchange(bearer(token())))).toBeUndefined()
    expect((await run(fake.route('other', root), fakeExchange(bearer(token()))))?.status).toBe(401)
  })

  it('never answers for what a route asks: scopes are checked each time', async () => {
    const fake = fakes()
    const root = { auth: { corp: withRsa } }
    const reader = token({ claims: { scope: 'orders:read' } })
    const read = fake.route({ use: 'corp', scopes: ['orders:read'] }, root)
    const write = fake.route({ use: 'corp', scopes: ['orders:write'] }, root)
    expect(await run(read, fakeExchange(bearer(reader)))).toBeUndefined()
    expect((await run(write, fakeExchange(bearer(reader))))?.code).toBe('INSUFFICIENT_SCOPE')
    expect(await run(read, fakeExchange(bearer(reader)))).toBeUndefined()
  })

  it('keeps the hook synchronous', () => {
    const hooks = fakes().route('corp', { auth: { corp: withRsa } })
    expect(hooks.onRequest?.(fakeExchange(bearer(token())))).toBeUndefined()
    expect(() => hooks.onRequest?.(fakeExchange(bearer('x')))).toThrow('Valid credentials are required')
  })
})
