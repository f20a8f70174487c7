// What a route may say, and that the schemas describe themselves.
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { auth } from '../../../../plugins/auth/auth.ts'
import { AUDIENCE, ISSUER } from '../../../support/tokens.ts'
import { fakes, parseRoot } from './fakes.ts'

const SECRET = 'corp-secret-of-more-than-32-bytes!!'
const KEY = 'acme-0123456789abcdef'
const jwt = (settings: object): object => ({ type: 'jwt', issuer: ISSUER, audience: AUDIENCE, ...settings })

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
