// One valid Host: what is one, how it is spelled afterwards, and what is refused.
import { describe, expect, it } from 'vitest'
import { createAuthorityParser, parseAuthority } from '../../../src/edge/authority.ts'

function codeOf(text: string): string {
  try {
    return parseAuthority(text).host
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('a valid Host', () => {
  it.each([
    ['gw.test', 'gw.test'],
    ['GW.Test', 'gw.test'],
    ['gw.test:8080', 'gw.test'],
    ['gw.test:65535', 'gw.test'],
    ['gw.test.', 'gw.test'],
    ['gw.test.:443', 'gw.test'],
    ['a', 'a'],
    ['my_service', 'my_service'],
    ['xn--bcher-kva.test', 'xn--bcher-kva.test'],
    ['10.0.0.1:80', '10.0.0.1'],
    ['[::1]', '[::1]'],
    ['[2001:DB8::1]:8443', '[2001:db8::1]'],
    ['[::ffff:10.0.0.1]', '[::ffff:10.0.0.1]'],
  ])('%s is the host %s', (text, host) => {
    expect(parseAuthority(text)).toEqual({ host, text })
  })
})

describe('an invalid Host', () => {
  it.each([
    ...[
      '',
      ' ',
      'gw.test, evil.test',
      'gw.test/evil',
      'x@gw.test',
      'gw.test evil',
      'gw.test:99999',
      'gw.test:',
    ],
    ...[
      'gw.test:-1',
      'gw.test:80:80',
      'gw.test:8o',
      '.gw.test',
      '-gw.test',
      'gw.test-',
      'gw..',
      '..',
      'gw\\evil',
    ],
    ...[
      '[::1',
      '::1',
      '[gw.test]',
      '[::1%25eth0]',
      '[]',
      'g%77.test',
      'caf\u00e9.test',
      'a\tb',
      'a\0',
      'a\n',
      'a?b',
    ],
    ...['a#b', 'a;b', '*.test', `${'a'.repeat(256)}`],
  ])('is refused: %j', (text) => {
    expect(codeOf(text)).toBe('INVALID_HOST')
  })

  it('may be 255 long, not more', () => {
    expect(codeOf('a'.repeat(255))).toHaveLength(255)
  })
})

describe('the parser with a memory', () => {
  it('gives the same answer for the same text', () => {
    const parse = createAuthorityParser()
    const first = parse('gw.test:80')
    expect(first).toEqual({ host: 'gw.test', text: 'gw.test:80' })
    expect(parse('gw.test:80')).toBe(first)
  })

  it('forgets rather than grow, and stays right', () => {
    const parse = createAuthorityParser(2)
    const first = parse('a.test')
    parse('b.test')
    expect(parse('a.test')).toBe(first)
    parse('c.test')
    expect(parse('a.test')).not.toBe(first)
    expect(parse('a.test')).toEqual(first)
  })

  it('refuses the same text every time', () => {
    const parse = createAuthorityParser()
    for (let time = 0; time < 2; time++) expect(() => parse('a b')).toThrow()
  })
})
