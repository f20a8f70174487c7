// Hosts of a match: exact, wildcard and any.
import { describe, expect, it } from 'vitest'
import {
  ANY_HOST,
  compareHosts,
  hostMatches,
  hostParser,
  hostText,
  parseHostPattern,
} from '../../../src/routing/host-pattern.ts'
import { PatternError } from '../../../src/routing/route-pattern.ts'

describe('a host pattern', () => {
  it('matches one name exactly, whatever case it was written in', () => {
    const pattern = parseHostPattern('API.Example.com')
    expect(pattern).toEqual({ kind: 'exact', name: 'api.example.com' })
    expect(hostMatches(pattern, 'api.example.com')).toBe(true)
    expect(hostMatches(pattern, 'x.api.example.com')).toBe(false)
  })

  it('with *. matches one or more labels in front, never the bare domain or an empty label', () => {
    const pattern = parseHostPattern('*.example.com')
    expect(hostMatches(pattern, 'a.example.com')).toBe(true)
    expect(hostMatches(pattern, 'a.b.example.com')).toBe(true)
    expect(hostMatches(pattern, 'example.com')).toBe(false)
    expect(hostMatches(pattern, '.example.com')).toBe(false)
    expect(hostMatches(pattern, 'evilexample.com')).toBe(false)
  })

  it('takes international names, addresses and the dot of the root', () => {
    expect(parseHostPattern('b\u00fccher.example').name).toBe('xn--bcher-kva.example')
    expect(parseHostPattern('*.b\u00fccher.example').name).toBe('xn--bcher-kva.example')
    expect(parseHostPattern('[::1]').name).toBe('[::1]')
    expect(parseHostPattern('127.0.0.1').name).toBe('127.0.0.1')
    expect(parseHostPattern('example.com.').name).toBe('example.com')
  })

  it.each([
    '',
    '*',
    '*.',
    'a.*.com',
    '**.example.com',
    'example.com:8080',
    'https://example.com',
    'example.com/x',
    'a b.com',
    'user@example.com',
    '[::1]:80',
  ])('is refused when it is %j', (host) => {
    expect(() => parseHostPattern(host)).toThrow(PatternError)
    expect(() => parseHostPattern(host)).toThrow('is not a host: write api.example.com or *.example.com')
  })

  it('is ordered exact, longest wildcard, shorter wildcard, any', () => {
    const wanted = ['a.b.example.com', '*.b.example.com', '*.example.com']
    const hosts = [ANY_HOST, ...wanted.toReversed().map(parseHostPattern)]
    expect(hosts.sort(compareHosts).map(hostText)).toEqual([...wanted, '*'])
  })

  it('is parsed once for each text', () => {
    const parse = hostParser()
    expect(parse('a.example.com')).toBe(parse('a.example.com'))
    expect(parse('b.example.com').name).toBe('b.example.com')
  })
})
