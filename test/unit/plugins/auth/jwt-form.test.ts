// Which headers and spellings of a token are refused although its signature is good.
import { describe, expect, it } from 'vitest'
import { encode, jwkOf, rsaKey, signature, signTexts } from '../../../support/tokens.ts'
import { answerTo, claimsText, NOW, rsa, texts, token } from './jwt-fixture.ts'

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
