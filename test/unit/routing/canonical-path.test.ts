// The canonical path, as patterns and rewritten paths are held to it.
import { describe, expect, it } from 'vitest'
import {
  canonicalText,
  isCanonicalPath,
  isDotSegment,
  percentEncode,
} from '../../../src/routing/canonical-path.ts'
import { fc } from '../../support/property.ts'

describe('a canonical path', () => {
  it.each([
    '/',
    '/a',
    '/a/',
    '/a/b.c',
    '/...',
    '/a/.b',
    '/a..',
    '/caf%C3%A9',
    '/a%2Fb',
    '/a;x=1',
    '/:x@y!$&',
  ])('may be %s', (path) => {
    expect(isCanonicalPath(path)).toBe(true)
  })

  it.each([
    '',
    'a',
    '//a',
    '/a//b',
    '/a/.',
    '/a/..',
    '/a/../b',
    '/./a',
    '/%2e%2e/a',
    '/a/%2E.',
    '/a/..;x/b',
    '/a\\b',
    '/a?b',
    '/a#b',
    '/a b',
    '/a\r\nb',
    '/caf\u00e9',
    '/\u0000',
  ])('is never %j', (path) => {
    expect(isCanonicalPath(path)).toBe(false)
  })

  it('knows a dot segment in every spelling', () => {
    for (const text of ['.', '..', '%2e', '%2E%2e', '.%2e', '..;', '..;a=b'])
      expect(isDotSegment(text)).toBe(true)
    for (const text of ['', '...', 'a.', '.a', ';..']) expect(isDotSegment(text)).toBe(false)
  })
})

describe('canonical text', () => {
  it('decodes what needs no encoding and keeps the meaning of what does', () => {
    expect(canonicalText('%41%7e%2f%3a')).toBe('A~%2F%3A')
    expect(canonicalText('a=b;c,d')).toBe('a=b;c,d')
  })

  it('is the same when it is made canonical again', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = canonicalText(text)
        expect(canonicalText(once)).toBe(once)
        expect(once).toMatch(/^[\x21-\x7e]*$/)
      }),
    )
  })

  it('encodes bytes two hex digits each', () => {
    expect(percentEncode('\u20ac\n')).toBe('%E2%82%AC%0A')
    expect(percentEncode(Buffer.from([0xe9]))).toBe('%E9')
    expect(percentEncode('')).toBe('')
  })
})
