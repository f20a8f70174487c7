// The request target split: origin form, absolute form, and what is neither.
import { describe, expect, it } from 'vitest'
import { arrivedTarget, parseRequestTarget } from '../../../src/edge/request-target.ts'

function codeOf(target: string): string {
  try {
    parseRequestTarget(target, 8192)
    return 'accepted'
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('the origin form', () => {
  it.each([
    ['/', '/', ''],
    ['/a/b', '/a/b', ''],
    ['/a?', '/a', '?'],
    ['/a?x=1&x=2', '/a', '?x=1&x=2'],
    ['/%61?%61=%2F..//&b=%zz', '/a', '?%61=%2F..//&b=%zz'],
    ['/a?b?c/../d', '/a', '?b?c/../d'],
    ['/?/admin', '/', '?/admin'],
  ])('%s is the path %s and the query %j, which is not touched', (target, path, query) => {
    expect(parseRequestTarget(target, 8192)).toEqual({ path, query, authority: undefined })
  })

  it('never takes two slashes for an authority', () => {
    expect(codeOf('//evil.test/admin')).toBe('INVALID_PATH')
  })

  it.each(['/a#b', '/a?b#c', '/#'])('refuses a fragment: %s', (target) => {
    expect(codeOf(target)).toBe('INVALID_PATH')
  })
})

describe('the absolute form', () => {
  it.each([
    ['http://gw.test/a?b', 'gw.test', '/a', '?b'],
    ['https://gw.test:8443/a', 'gw.test:8443', '/a', ''],
    ['HTTP://GW.test/%61', 'GW.test', '/a', ''],
    ['http://gw.test', 'gw.test', '/', ''],
    ['http://gw.test?x=1', 'gw.test', '/', '?x=1'],
    ['http://user@gw.test/a', 'user@gw.test', '/a', ''],
  ])('%s names %s', (target, authority, path, query) => {
    expect(parseRequestTarget(target, 8192)).toEqual({ authority, path, query })
  })

  it.each(['http://gw.test/a/../b', 'http://gw.test//a', 'http://gw.test/\\evil', 'http://gw.test#x'])(
    'is held to the same canonical path: %s',
    (target) => {
      expect(codeOf(target)).toBe('INVALID_PATH')
    },
  )

  it('keeps a backslash in the authority, where no Host can agree with it', () => {
    expect(parseRequestTarget('http://gw.test\\evil/a', 8192).authority).toBe('gw.test\\evil')
  })
})

describe('neither', () => {
  it.each(['*', '', 'gw.test:80', 'a/b', 'ftp://gw.test/', '\\a', 'http:/gw.test/', 'javascript:x'])(
    'is refused: %j',
    (target) => {
      expect(codeOf(target)).toBe('INVALID_PATH')
    },
  )
})

describe('a long target', () => {
  it('passes with 8192 bytes and is refused with one more', () => {
    expect(codeOf(`/${'a'.repeat(8191)}`)).toBe('accepted')
    expect(codeOf(`/${'a'.repeat(8192)}`)).toBe('URI_TOO_LONG')
    expect(codeOf(`/a?${'a'.repeat(8192)}`)).toBe('URI_TOO_LONG')
  })
})

describe('a URL as the edge would see it', () => {
  it('has host, path and query, the host without port and case', () => {
    expect(arrivedTarget('http://GW.test:8080/%61?b')).toEqual({ host: 'gw.test', path: '/a', query: '?b' })
    expect(arrivedTarget('/a')).toEqual({ host: '', path: '/a', query: '' })
  })

  it('is refused as a request would be', () => {
    expect(() => arrivedTarget('http://a b/')).toThrow(expect.objectContaining({ code: 'INVALID_HOST' }))
    for (const url of ['/caf\u00e9', '/x?q=caf\u00e9'])
      expect(() => arrivedTarget(url)).toThrow(expect.objectContaining({ code: 'INVALID_PATH' }))
  })
})
