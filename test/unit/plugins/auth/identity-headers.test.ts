// That a claim becomes one header value which means exactly that claim.
import { describe, expect, it } from 'vitest'
import { claimHeaders, fieldValue } from '../../../../plugins/auth/identity-headers.ts'
import { fc } from '../../../support/property.ts'

describe('a header value', () => {
  it.each([
    ['user-1', 'user-1'],
    ['auth0|5f7c', 'auth0|5f7c'],
    ['Ann Lee', 'Ann Lee'],
    ['admin\u0000x', 'admin%00x'],
    ['a\r\nX-Admin: 1', 'a%0D%0AX-Admin: 1'],
    ['50%', '50%25'],
    ['Zoë', 'Zo%C3%AB'],
    ['😀', '%F0%9F%98%80'],
    [' x ', '%20x%20'],
    ['\tx', '%09x'],
    ['\u007f', '%7F'],
    ['a\u2028b', 'a%E2%80%A8b'],
    [' ', '%20'],
  ])('of %j is %s', (text, value) => {
    expect(fieldValue(text)).toBe(value)
  })

  it('is visible ASCII and decodes to the very text, for every text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const value = fieldValue(text)
        expect(value).toMatch(/^(?:[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?)?$/)
        expect(decodeURIComponent(value)).toBe(text)
      }),
    )
  })
})

describe('a claim as a header', () => {
  const headerOf = (claim: unknown): string | undefined => claimHeaders({ 'X-Claim': 'claim' }, { claim })[1]

  it.each([
    ['a text', 'x', 'x'],
    ['a number', 7, '7'],
    ['a truth value', false, 'false'],
    ['a list', ['a', 1, true], 'a,1,true'],
    ['a list with a comma inside', ['a,b', 'c'], 'a%2Cb,c'],
    ['a list with an object inside', ['a', { b: 1 }], 'a'],
    ['an object', { a: 1 }, undefined],
    ['null', null, undefined],
    ['an empty text', '', undefined],
    ['an empty list', [], undefined],
  ])('is %s: %j -> %s', (_, claim, value) => {
    expect(headerOf(claim)).toBe(value)
  })

  it('is absent for a claim that only the prototype has', () => {
    expect(claimHeaders({ 'X-Claim': 'toString' }, {})).toEqual([])
  })
})
