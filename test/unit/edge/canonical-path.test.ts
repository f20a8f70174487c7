// One canonical path or a refusal: the table of confusing paths, and legal ones that look odd.
import { describe, expect, it } from 'vitest'
import { canonicalPath, encodedSlashRefusal, hasEncodedSlash } from '../../../src/edge/canonical-path.ts'
import cases from '../../fixtures/http1-cases.json' with { type: 'json' }

/** The canonical path, or the code of the refusal. */
function outcome(path: string): string {
  try {
    const canonical = canonicalPath(path)
    // As for a route that says nothing of slashes.
    return hasEncodedSlash(canonical) ? encodedSlashRefusal().code : canonical
  } catch (error) {
    return (error as { code: string }).code
  }
}

function targetOf(raw: string | null): string {
  return raw!.split(' ')[1]!
}

describe('a path with two meanings', () => {
  const confusing = cases.filter(({ id }) => /^PA/.test(id) && !['PA13', 'PA14', 'PA15', 'PA40'].includes(id))

  it('has enough examples', () => {
    expect(confusing.length).toBeGreaterThanOrEqual(22)
  })

  it.each(confusing.map(({ id, raw_latin1 }) => [id, targetOf(raw_latin1)]))(
    '%s is refused: %j',
    (_id, path) => {
      expect(outcome(path)).toBe('INVALID_PATH')
    },
  )

  const illegal = cases.filter(({ id }) => ['RL31', 'RL32', 'RL33', 'RL35', 'RL37'].includes(id))
  it.each(illegal.map(({ id, raw_latin1 }) => [id, targetOf(raw_latin1)]))(
    '%s is refused: %j',
    (_id, path) => {
      expect(outcome(path)).toBe('INVALID_PATH')
    },
  )

  it.each([
    '',
    'a',
    '*',
    '//',
    '/a//b',
    '/a//',
    '/.',
    '/..',
    '/a/.',
    '/a/..',
    '/a/../b',
    '/%2E',
    '/a/%2e%2E/b',
    '/a/.%2e/b',
    '/..;x=1/b',
    '/.;/b',
    '/a..;/b',
    '/a..%3B/b',
    '/..%3b/b',
    '/.%3Bx/b',
    '/%2e%2e%3bx=1/b',
    '/a/%5C',
    '/a\\b',
    '/a b',
    '/a"b',
    '/a<b',
    '/a|b',
    '/a^b',
    '/a`b',
    '/a{b}',
    '/a[b]',
    '/a%',
    '/a%2',
    '/a%g1',
    '/a%u0041',
    '/a?b',
    '/a#b',
    '/a%0D%0ASet-Cookie:x',
    '/a%1F',
    '/a%7f',
    '/caf\u00e9',
    '/\u2028',
    '/a\n',
    '/a%20/b',
    '/a%20',
  ])('refuses %j', (path) => {
    expect(outcome(path)).toBe('INVALID_PATH')
  })

  it.each([
    '/%252e%252e/admin',
    '/%252E',
    '/a%252fb',
    '/a%255Cb',
    '/a%2500',
    '/a%250a',
    '/a%253F',
    '/a%2523',
    '/a%25252e',
  ])('refuses what a second decoding would turn into something else: %s', (path) => {
    expect(outcome(path)).toBe('INVALID_PATH')
  })

  it.each(['/%2561dmin', '/adm%2569n', '/a%253Bb', '/admin%2520', '/a%2525'])(
    'refuses ASCII that is escaped twice, letters too: %s',
    (path) => {
      expect(outcome(path)).toBe('INVALID_PATH')
    },
  )

  it.each([
    '/%C0%AE%c0%ae/admin',
    '/a%c0%afb',
    '/adm%C1%A9n',
    '/caf%E0%83%A9',
    '/%E0%80%AE',
    '/%F0%80%80%AE',
    '/%F8%80%80%80%AE',
    '/%FC%80%80%80%80%AE',
    '/%25c0%25ae',
    '/%C0%25AE',
    '/%25E0%2580%25AE',
  ])('refuses UTF-8 that is longer than need be: %s', (path) => {
    expect(outcome(path)).toBe('INVALID_PATH')
  })

  it('says in one safe sentence what is wrong', () => {
    expect(() => canonicalPath('/a/../b')).toThrow('The path has dot segments.')
    expect(() => canonicalPath('/%5c')).toThrow('The path has an escaped separator or control character.')
    expect(() => canonicalPath('/%zz')).toThrow('The path has a character that must be percent-encoded.')
    expect(() => canonicalPath('/%252e')).toThrow('The path is escaped twice.')
    expect(() => canonicalPath('/%c0%ae')).toThrow('The path has a character in overlong UTF-8.')
    expect(() => canonicalPath('//a')).toThrow('The path has an empty segment.')
    expect(() => canonicalPath('/a..;/')).toThrow('A path segment has an ambiguous end.')
    expect(() => canonicalPath('a')).toThrow('The path must start with a slash.')
  })
})

describe('an escaped slash', () => {
  it.each([
    ['/a%2fb', '/a%2Fb'],
    ['/a%2F', '/a%2F'],
    ['/%61%2fb%2Fc', '/a%2Fb%2Fc'],
    ['/a;x=1%2Fb', '/a;x=1%2Fb'],
  ])('in %s is left to the route', (path, canonical) => {
    expect(canonicalPath(path)).toBe(canonical)
    expect(hasEncodedSlash(canonical)).toBe(true)
  })

  it.each([
    ...[
      '/%2f',
      '/a%2f%2fb',
      '/a/%2Fb',
      '/a%2F/b',
      '/a/..%2fb',
      '/a%2f..%2fb',
      '/a%2F.',
      '/.%2Fa',
      '/a%252fb',
    ],
    ...['/a%20%2Fb', '/a..;%2Fb', '/a%2F;x', '/a%2f%5c'],
  ])('in %s would be no canonical path as a slash, and no route may take it', (path) => {
    expect(() => canonicalPath(path)).toThrow()
  })
})

describe('a legal path', () => {
  it.each([
    '/',
    '/a',
    '/a/',
    '/a/b.json',
    '/a/..b',
    '/a/...',
    '/a/b..',
    '/.well-known/x',
    '/.hidden',
    '/a;v=1/b',
    '/a;/b',
    '/a,b;c=1,2/d',
    '/@scope/name',
    '/a:b/c=d&e+f',
    "/!$&'()*+,;=:@",
    '/~user/-_.~',
    '/ADMIN',
    '/%E4',
    '/%E2%82%AC',
    '/%E0%A4%95',
    '/%F0%90%8D%88',
    // Latin-1 that is not UTF-8 at all.
    '/%C0%20propos',
    '/%C0',
    '/a%20b',
    '/a%22b',
    '/a%3Bb',
    '/100%25',
    '/100%25/b',
    '/20%25off',
    '/5%25cashback',
    '/a%2Bb',
    `/${'a'.repeat(8000)}`,
  ])('stays as it is: %s', (path) => {
    expect(outcome(path)).toBe(path)
  })

  it.each([
    ['/%61dmin', '/admin'],
    ['/adm%69n', '/admin'],
    ['/%7euser', '/~user'],
    ['/%7Euser', '/~user'],
    ['/a%2Db%2Ec%5Fd', '/a-b.c_d'],
    ['/%41%5a%30', '/AZ0'],
    ['/a%2eb', '/a.b'],
    ['/%e4%c3', '/%E4%C3'],
    ['/a%2bb', '/a%2Bb'],
    ['/%2e%2e%2e', '/...'],
  ])('%s is spelled %s', (path, canonical) => {
    expect(outcome(path)).toBe(canonical)
  })
})
