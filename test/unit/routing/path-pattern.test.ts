// Paths of a match: what is accepted, what is refused, and which one is more specific.
import { describe, expect, it } from 'vitest'
import { comparePaths, parsePathPattern, pathMatches, pathShape } from '../../../src/routing/path-pattern.ts'
import { PatternError } from '../../../src/routing/route-pattern.ts'

const matches = (pattern: string, path: string) => pathMatches(parsePathPattern(pattern), path)
const order = (a: string, b: string) => Math.sign(comparePaths(parsePathPattern(a), parsePathPattern(b)))

describe('a path pattern', () => {
  it('without wildcards matches that path alone', () => {
    expect(matches('/orders', '/orders')).toBe(true)
    expect(matches('/orders', '/orders/')).toBe(false)
    expect(matches('/orders', '/Orders')).toBe(false)
    expect(matches('/orders/', '/orders/')).toBe(true)
    expect(matches('/', '/')).toBe(true)
    expect(matches('/', '/a')).toBe(false)
  })

  it('with /* matches the path itself and everything below it, on a segment boundary', () => {
    expect(matches('/orders/*', '/orders')).toBe(true)
    expect(matches('/orders/*', '/orders/')).toBe(true)
    expect(matches('/orders/*', '/orders/42/items')).toBe(true)
    expect(matches('/orders/*', '/orders-old')).toBe(false)
    expect(matches('/*', '/')).toBe(true)
    expect(matches('/*', '/a/b')).toBe(true)
  })

  it('with :name matches exactly one segment that is not empty', () => {
    expect(matches('/users/:id', '/users/42')).toBe(true)
    expect(matches('/users/:id', '/users/')).toBe(false)
    expect(matches('/users/:id', '/users')).toBe(false)
    expect(matches('/users/:id', '/users/42/x')).toBe(false)
    expect(matches('/users/:id/*', '/users/42/x')).toBe(true)
  })

  it('takes a colon inside a segment as text', () => {
    expect(parsePathPattern('/items:batch').segments).toEqual([{ kind: 'text', text: 'items:batch' }])
  })

  it('is brought to the spelling of the canonical path', () => {
    expect(pathShape(parsePathPattern('/caf\u00e9/%7euser/a%2fb'))).toBe('/caf%C3%A9/~user/a%2Fb')
    expect(pathShape(parsePathPattern('/50%/a"b'))).toBe('/50%25/a%22b')
  })

  it('has the same shape as another whose parameters have other names', () => {
    const shape = (path: string) => pathShape(parsePathPattern(path))
    expect(shape('/a/:id/*')).toBe(shape('/a/:name/*'))
    expect(shape('/a/:id')).not.toBe(shape('/a/:id/*'))
    expect(shape('/')).not.toBe(shape('/*'))
  })

  it.each([
    ['orders', 'must start with "/"'],
    ['', 'must start with "/"'],
    ['/a?b', '"?"'],
    ['/a#b', '"#"'],
    ['/a b', 'a space'],
    ['/a\\b', 'a path has none of them'],
    ['/a//b', 'empty segment'],
    ['//a', 'empty segment'],
    ['/a//*', 'empty segment'],
    ['/a/../b', '".." segment'],
    ['/a/%2e%2E/b', '".." segment'],
    ['/a/./b', '".." segment'],
    ['/a/..;x/b', '".." segment'],
    ['/a*', 'only as its last segment'],
    ['/a/*/b', 'only as its last segment'],
    ['/a/b*/*', 'only as its last segment'],
    ['/a/:', 'is not a parameter'],
    ['/a/:1x', 'is not a parameter'],
    ['/a/:id.json', 'is not a parameter'],
    ['/a/:id/b/:id', 'names ":id" twice'],
  ])('is refused when it is %j', (path, message) => {
    expect(() => parsePathPattern(path)).toThrow(PatternError)
    expect(() => parsePathPattern(path)).toThrow(message)
  })
})

describe('the order of paths', () => {
  it.each([
    ['/a', '/a/*'],
    ['/a/b/*', '/a/*'],
    ['/a/b', '/a/:id'],
    ['/a/:id', '/a/*'],
    ['/a/b/*', '/a/:id/c'],
    ['/a/:id/c', '/a/:id/:c'],
    ['/a/:id/*', '/a/*'],
    ['/:x', '/*'],
    ['/', '/*'],
  ])('puts %s before %s', (first, second) => {
    expect(order(first, second)).toBe(-1)
    expect(order(second, first)).toBe(1)
  })

  it('does not look at the names of parameters', () => {
    expect(order('/a/:x', '/a/:y')).toBe(0)
  })
})
