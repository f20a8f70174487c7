// Which claims let a token in.
import { describe, expect, it } from 'vitest'
import { AUDIENCE, ISSUER } from '../../../support/tokens.ts'
import { answerTo, claimsText, NOW, texts, token, withRsa } from './jwt-fixture.ts'

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
