// Redirects: the Location that a client gets.
import { describe, expect, it } from 'vitest'
import { compileRedirect } from '../../../src/routing/redirect.ts'
import { PatternError } from '../../../src/routing/route-pattern.ts'
import { fc } from '../../support/property.ts'

const location = (pattern: string, to: string, path: string, query = '') =>
  compileRedirect(pattern, { to, status: 308 }).location(path, query)

describe('a redirect', () => {
  it.each([
    ['/old/*', '/new/*', '/old/a/b', '/new/a/b'],
    ['/old/*', '/new', '/old/a/b', '/new'],
    ['/old/:id', '/new/:id', '/old/a%2Fb', '/new/a%2Fb'],
    ['/*', 'https://new.test/*', '/a/b', 'https://new.test/a/b'],
    ['/*', 'https://new.test:8443/*', '/', 'https://new.test:8443/'],
    ['/*', 'HTTPS://New.test', '/a', 'https://new.test/'],
    ['/a/*', 'http://new.test/x/*', '/a', 'http://new.test/x'],
  ])('from %s to %s sends %s to %s', (pattern, to, path, expected) => {
    expect(location(pattern, to, path)).toBe(expected)
  })

  it('keeps the query, behind its own and before the fragment', () => {
    expect(location('/a', '/b', '/a', '?x=1&y=%20')).toBe('/b?x=1&y=%20')
    expect(location('/a', '/b?own=1', '/a', '?x=1')).toBe('/b?own=1&x=1')
    expect(location('/a', '/b?own=1', '/a')).toBe('/b?own=1')
    expect(location('/a', '/b?own=1', '/a', '?')).toBe('/b?own=1')
    expect(location('/a', '/b', '/a', '?')).toBe('/b?')
    expect(location('/a', '/b?', '/a', '?x=1')).toBe('/b?x=1')
    expect(location('/a', '/b#top', '/a', '?x=1')).toBe('/b?x=1#top')
  })

  it('keeps its status', () => {
    for (const status of [301, 302, 303, 307, 308]) {
      expect(compileRedirect('/a', { to: '/b', status }).status).toBe(status)
    }
  })

  it('lets nothing from the request end the header or leave the site', () => {
    expect(location('/*', '/new/*', '/%0d%0aSet-Cookie:x')).toBe('/new/%0d%0aSet-Cookie:x')
    expect(location('/a', '/b', '/a', '?x=\r\nSet-Cookie: y')).toBe('/b?x=%0D%0ASet-Cookie:%20y')
    expect(location('/a', '/b', '/a', '?x="<>\\^`{|}')).toBe('/b?x=%22%3C%3E%5C%5E%60%7B%7C%7D')
    expect(location('/a', '/b', '/a', '?x=\u00c3\u00a9')).toBe('/b?x=%C3%A9')
    for (const path of ['/x//evil.test', '/x/\\evil.test', '/x/../..//evil.test']) {
      expect(() => location('/x/*', '/*', path)).toThrow(expect.objectContaining({ code: 'INVALID_PATH' }))
    }
  })

  it('writes what the config says in international letters as UTF-8', () => {
    expect(location('/a', '/caf\u00e9?q=\u00e9#\u20ac', '/a')).toBe('/caf%C3%A9?q=%C3%A9#%E2%82%AC')
  })

  it('never has another site than the configured one, whatever the request', () => {
    const redirect = compileRedirect('/*', { to: 'https://new.test/*', status: 301 })
    fc.assert(
      fc.property(fc.webPath(), fc.string({ unit: 'binary' }), (path, query) => {
        const result = tried(() => redirect.location(path, `?${query}`))
        if (result === undefined) return
        expect(result).toMatch(/^[\x21-\x7e]*$/)
        expect(new URL(result).origin).toBe('https://new.test')
      }),
    )
  })

  it.each([
    ['/a', 'b', 'must start with "/"'],
    ['/a', 'ftp://x.test/', 'must start with "/"'],
    ['/a', '//evil.test/x', 'empty segment'],
    ['/a', '/b\n', 'a space'],
    ['/a', '/b#\n', 'must start with "/"'],
    ['/a', '/b/*', 'must end in /*'],
    ['/a', '/b/:id', 'does not name'],
    ['/a', 'https://user:pw@x.test/', 'is not a site'],
    ['/a', 'https:///x', 'is not a site'],
    ['/a', 'https://x y.test/', 'is not a site'],
    ['/a/*', 'https://x.test*', 'is not a site'],
    ['/a/:id', '/login?next=/:id', '":id" is filled in only in the path'],
    ['/a/*', '/b/*?next=/*', '"*" is filled in only in the path'],
    ['/a/*', 'https://x.test/#/*', '"*" is filled in only in the path'],
  ])('from %s to %j is refused at load', (pattern, to, message) => {
    expect(() => location(pattern, to, '/a')).toThrow(PatternError)
    expect(() => location(pattern, to, '/a')).toThrow(message)
  })

  it.each([200, 300, 304, 309])('with status %d is refused at load', (status) => {
    expect(() => compileRedirect('/a', { to: '/b', status })).toThrow('use 301, 302, 303, 307 or 308')
  })
})

function tried(locate: () => string): string | undefined {
  try {
    return locate()
  } catch (error) {
    expect(error).toMatchObject({ code: 'INVALID_PATH' })
    return undefined
  }
}
