// Rewritten paths and hosts: what a service sees.
import { describe, expect, it } from 'vitest'
import { isCanonicalPath } from '../../../src/routing/canonical-path.ts'
import { compileRewrite } from '../../../src/routing/rewrite.ts'
import { PatternError } from '../../../src/routing/route-pattern.ts'
import { fc } from '../../support/property.ts'

const rewritten = (pattern: string, path: string, from: string) =>
  compileRewrite(pattern, { path }).path(from)

describe('a path rewrite', () => {
  it.each([
    ['/orders/*', '/v2/*', '/orders', '/v2'],
    ['/orders/*', '/v2/*', '/orders/', '/v2/'],
    ['/orders/*', '/v2/*', '/orders/42/x', '/v2/42/x'],
    ['/orders/*', '/*', '/orders', '/'],
    ['/orders/*', '/*', '/orders/', '/'],
    ['/orders/*', '/*', '/orders/42', '/42'],
    ['/*', '/v2/*', '/a/b', '/v2/a/b'],
    ['/*', '/*', '/a/b', '/a/b'],
    ['/orders/*', '/fixed', '/orders/42', '/fixed'],
    ['/orders/*', '/fixed/', '/orders/42', '/fixed/'],
    ['/orders', '/', '/orders', '/'],
    ['/t/:tenant/*', '/:tenant/v2/*', '/t/acme/a/b', '/acme/v2/a/b'],
    ['/t/:tenant/*', '/*', '/t/acme/a/b', '/a/b'],
    ['/a/:x/:y', '/:y/:x/:y', '/a/1/2', '/2/1/2'],
    ['/orders/:id', '/items:batch', '/orders/1', '/items:batch'],
    ['/a/:x', '/caf\u00e9/:x', '/a/1', '/caf%C3%A9/1'],
  ])('of %s to %s makes %s into %s', (pattern, to, from, expected) => {
    expect(rewritten(pattern, to, from)).toBe(expected)
  })

  it('keeps a parameter as it was sent, so that nothing encoded becomes a delimiter', () => {
    for (const sent of ['a%2Fb', 'a%3Fb', 'a%23b', '%252e%252e', 'caf%C3%A9', '%FF', 'a:b@c']) {
      expect(rewritten('/a/:x', '/b/:x/c', `/a/${sent}`)).toBe(`/b/${sent}/c`)
      expect(rewritten('/a/*', '/b/*', `/a/${sent}`)).toBe(`/b/${sent}`)
    }
  })

  it.each([
    '/a/',
    '/a',
    '/a/..',
    '/a/%2e%2E',
    '/a/.;x',
    '/a/b\\c',
    '/a/b?c',
    '/a/b#c',
    '/a/b c',
    '/a/\u00e9',
  ])('refuses to make a path that is not canonical out of %j', (path) => {
    const thrown = expect(() => rewritten('/a/:x', '/b/:x/c', path))
    thrown.toThrow(expect.objectContaining({ code: 'INVALID_PATH', status: 400 }))
  })

  it('refuses the rest of a path that was not canonical', () => {
    for (const path of ['/a//evil.test', '/a/../b', '/a/b//c']) {
      expect(() => rewritten('/a/*', '/*', path)).toThrow(expect.objectContaining({ code: 'INVALID_PATH' }))
    }
  })

  it('makes a canonical path of every canonical path, with the rest unchanged', () => {
    const segment = fc.stringMatching(/^[a-z0-9._~%:@;=-]{1,8}$/)
    const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map((all) => `/${all.join('/')}`)
    const to = fc.constantFrom('/*', '/v2/*', '/:x/*', '/v/:x/w/*')
    fc.assert(
      fc.property(path, to, (sent, template) => {
        fc.pre(isCanonicalPath(sent))
        const result = rewritten('/:x/*', template, sent)
        const first = sent.split('/')[1]!
        const head = template.replace('/*', '').replace(':x', first)
        expect(isCanonicalPath(result)).toBe(true)
        expect(result).toBe(head + sent.slice(first.length + 1) || '/')
      }),
    )
  })

  it('never gives anything but a canonical path or INVALID_PATH, whatever comes in', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('/*', '/b/:x', '/:x/*'),
        (sent, template) => {
          const rewrite = compileRewrite('/a/:x/*', { path: template })
          try {
            expect(isCanonicalPath(rewrite.path(`/a/${sent}`))).toBe(true)
          } catch (error) {
            expect(error).toMatchObject({ code: 'INVALID_PATH' })
          }
        },
      ),
    )
  })

  it.each([
    ['/orders', '/v2/*', 'must end in /*'],
    ['/orders/*', '/v2/:id', 'uses ":id"'],
    ['/orders/:id', '/v2/:no', 'which the match "/orders/:id" does not name'],
    ['/orders/*', 'v2', 'must start with "/"'],
    ['/orders/*', '/v2?x=1', '"?"'],
    ['/orders/*', '/../x', '".." segment'],
    ['/orders/*', '//evil.test/*', 'empty segment'],
    ['/orders/:id', '/a-:id', '":id" in "a-:id" must be a whole segment: /:id'],
  ])('of %s to %s is refused at load where it cannot be meant', (pattern, path, message) => {
    expect(() => compileRewrite(pattern, { path })).toThrow(PatternError)
    expect(() => compileRewrite(pattern, { path })).toThrow(message)
  })
})

describe('a host rewrite', () => {
  it('is one host, with or without a port', () => {
    expect(compileRewrite('/a', { host: 'Internal.test' }).host).toBe('internal.test')
    expect(compileRewrite('/a', { host: 'internal.test:8080' }).host).toBe('internal.test:8080')
    expect(compileRewrite('/a', { host: '[::1]:80' }).host).toBe('[::1]:80')
  })

  it('leaves the path alone', () => {
    const rewrite = compileRewrite('/a/*', { host: 'internal.test' })
    expect(rewrite.path('/a/b%2Fc')).toBe('/a/b%2Fc')
    expect(compileRewrite('/a/*', { path: '/*' }).host).toBeUndefined()
  })

  it.each(['*.test', 'a b', 'a/b', 'a\r\nX: 1', ''])('is refused when it is %j', (host) => {
    expect(() => compileRewrite('/a', { host })).toThrow(PatternError)
  })
})
