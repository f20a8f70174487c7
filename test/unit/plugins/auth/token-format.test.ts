// Why a text is no acceptable token, before any key is looked at.
import { describe, expect, it } from 'vitest'
import { parseToken } from '../../../../plugins/auth/token-format.ts'
import { fc, runs } from '../../../support/property.ts'
import { encode } from '../../../support/tokens.ts'

const parse = (text: string) => parseToken(text, ['RS256'])
const token = (header: unknown, claims: unknown = { sub: 'a' }): string =>
  `${encode(JSON.stringify(header))}.${encode(JSON.stringify(claims))}.c2ln`

describe('a token', () => {
  it('is taken apart', () => {
    expect(parse(token({ alg: 'RS256', kid: 'k' }))).toEqual({
      algorithm: 'RS256',
      keyId: 'k',
      claims: { sub: 'a' },
    })
    expect(parse(token({ alg: 'RS256' }))).toMatchObject({ keyId: undefined })
  })

  it.each([
    ['', 'not three segments'],
    ['a.b', 'not three segments'],
    [`${token({ alg: 'RS256' })}.c2ln`, 'not three segments'],
    [`${token({ alg: 'RS256' })}.a.b.c.d.e.f`, 'not three segments'],
    ['..', 'not canonical base64url'],
    [`${token({ alg: 'RS256' })}=`, 'not canonical base64url'],
    [`${token({ alg: 'RS256' })}\n`, 'not canonical base64url'],
    [token({ alg: 'RS256' }).replace(/c2ln$/, ''), 'not canonical base64url'],
    // `YR` is the byte of `YQ`, and `YWJ` the bytes of `YWI`, with stray bits.
    [token({ alg: 'RS256' }).replace(/c2ln$/, 'YR'), 'not canonical base64url'],
    [token({ alg: 'RS256' }).replace(/c2ln$/, 'YWJ'), 'not canonical base64url'],
    [token('RS256'), 'not a JSON object'],
    [token({ alg: 'RS256' }, ['sub']), 'not a JSON object'],
    [token({ alg: 'RS256' }, null), 'not a JSON object'],
    [token({ alg: 'HS256' }), 'algorithm not allowed'],
    [token({ alg: 'RS256', crit: ['exp'] }), 'critical header parameter'],
    [token({ alg: 'RS256', typ: 'dpop+jwt' }), 'token type not allowed'],
    [token({ alg: 'RS256', kid: {} }), 'key id not acceptable'],
  ])('%s: %s', (text, reason) => {
    expect(parse(text)).toBe(reason)
  })

  it('has exactly one spelling: no other text of the same bytes is accepted', () => {
    const good = token({ alg: 'RS256' })
    const change = fc.record({
      at: fc.nat(good.length),
      text: fc.string({ unit: fc.constantFrom(...'=\n +/-_.AQRYZ'), maxLength: 2 }),
      drop: fc.nat(1),
    })
    fc.assert(
      fc.property(change, ({ at, text, drop }) => {
        const changed = good.slice(0, at) + text + good.slice(at + drop)
        fc.pre(changed !== good)
        const bytes = (token: string) =>
          token.split('.').map((part) => Buffer.from(part, 'base64url').toString('hex'))
        const isSame = bytes(changed).join('.') === bytes(good).join('.')
        expect(isSame && typeof parse(changed) !== 'string').toBe(false)
      }),
      { numRuns: runs(2000) },
    )
  })

  it('never makes the gateway throw, whatever it is', () => {
    const segment = fc.oneof(
      fc.string(),
      fc.json().map(encode),
      fc.uint8Array().map((b) => Buffer.from(b).toString('base64url')),
    )
    fc.assert(fc.property(fc.array(segment, { maxLength: 5 }), (segments) => void parse(segments.join('.'))))
  })
})
