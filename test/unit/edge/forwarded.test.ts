// The headers by which a service learns who asked: built anew for a stranger, continued for a trusted proxy.
import { describe, expect, it } from 'vitest'
import {
  appendForwarded,
  type ForwardedFacts,
  requestIdOf,
  saidByProxies,
  schemeOf,
} from '../../../src/edge/forwarded.ts'
import { HeaderList } from '../../../src/headers.ts'

function forwarded(said: string[], facts: Partial<ForwardedFacts> = {}): Record<string, string[]> {
  const pairs: string[] = []
  appendForwarded(pairs, {
    peer: '203.0.113.9',
    trusted: false,
    scheme: 'http',
    host: 'gw.test:8080',
    said: saidByProxies(said),
    requestId: 'id-1',
    ...facts,
  })
  const names = pairs.filter((_, at) => at % 2 === 0)
  return Object.fromEntries(names.map((name) => [name, new HeaderList(pairs).all(name.toLowerCase())]))
}

const LIES = [
  ...['X-Forwarded-For', '1.1.1.1', 'X-Forwarded-Host', 'evil.test', 'X-Forwarded-Proto', 'https'],
  ...[
    'X-Forwarded-Port',
    '1',
    'Forwarded',
    'for=1.1.1.1;host=evil.test',
    'X-Gateway-Attempt',
    '9',
    'X-Request-Id',
    'x',
  ],
]

describe('for a stranger', () => {
  it('everything is built from what the gateway sees (XF01, XF08, XF09)', () => {
    expect(forwarded(LIES)).toEqual({
      'X-Forwarded-For': ['203.0.113.9'],
      'X-Forwarded-Proto': ['http'],
      'X-Forwarded-Host': ['gw.test:8080'],
      Via: ['1.1 turnpike'],
      'X-Request-Id': ['id-1'],
    })
  })
})

describe('for a trusted proxy', () => {
  const trusted = { trusted: true, peer: '10.0.0.1' }

  it('what it said is continued', () => {
    expect(forwarded(LIES, trusted)).toEqual({
      'X-Forwarded-For': ['1.1.1.1, 10.0.0.1'],
      'X-Forwarded-Proto': ['https'],
      'X-Forwarded-Host': ['evil.test'],
      Via: ['1.1 turnpike'],
      'X-Request-Id': ['id-1'],
      Forwarded: ['for=1.1.1.1;host=evil.test, for=10.0.0.1;host="gw.test:8080";proto=http'],
      'X-Gateway-Attempt': ['9'],
    })
  })

  it('several lines become one, in order', () => {
    const said = [
      'X-Forwarded-For',
      '1.1.1.1',
      'x-forwarded-for',
      '2.2.2.2',
      'Forwarded',
      'for=a',
      'forwarded',
      'for=b',
    ]
    expect(forwarded(said, trusted)).toMatchObject({
      'X-Forwarded-For': ['1.1.1.1, 2.2.2.2, 10.0.0.1'],
      Forwarded: ['for=a, for=b, for=10.0.0.1;host="gw.test:8080";proto=http'],
    })
  })

  it('what it did not say is not made up', () => {
    const result = forwarded([], trusted)
    expect(Object.keys(result)).not.toContain('Forwarded')
    expect(Object.keys(result)).not.toContain('X-Gateway-Attempt')
    expect(result).toMatchObject({ 'X-Forwarded-For': ['10.0.0.1'], 'X-Forwarded-Host': ['gw.test:8080'] })
  })

  it('an empty X-Forwarded-Host does not count', () => {
    expect(forwarded(['X-Forwarded-Host', ''], trusted)['X-Forwarded-Host']).toEqual(['gw.test:8080'])
  })

  it('an IPv6 peer is quoted in Forwarded (RFC 7239 section 6)', () => {
    const { Forwarded } = forwarded(['Forwarded', 'for=a'], { trusted: true, peer: '2001:db8::1' })
    expect(Forwarded).toEqual(['for=a, for="[2001:db8::1]";host="gw.test:8080";proto=http'])
  })
})

describe('Via', () => {
  it('is continued from anybody', () => {
    expect(forwarded(['Via', '1.0 a', 'via', '1.1 b'])['Via']).toEqual(['1.0 a, 1.1 b, 1.1 turnpike'])
  })

  it('with five passes is a loop, with four it is not', () => {
    const passes = (count: number) => ['Via', Array.from({ length: count }, () => '1.1 turnpike').join(', ')]
    expect(forwarded(passes(4))['Via']).toHaveLength(1)
    expect(() => forwarded(passes(5))).toThrow(expect.objectContaining({ code: 'LOOP_DETECTED' }))
  })
})

describe('the scheme', () => {
  const of = (said: string | undefined, trusted: boolean, scheme: 'http' | 'https' = 'http') =>
    schemeOf({ said: new HeaderList(said === undefined ? [] : ['X-Forwarded-Proto', said]), trusted, scheme })

  it.each([
    ['https', true, 'https'],
    ['HTTPS', true, 'https'],
    ['http', true, 'http'],
    ['https', false, 'http'],
    ['javascript', true, 'http'],
    ['', true, 'http'],
    [undefined, true, 'http'],
  ] as const)('said to be %s by a proxy that is trusted: %s, is %s', (said, trusted, scheme) => {
    expect(of(said, trusted)).toBe(scheme)
  })

  it('of the listener counts when nobody says another', () => {
    expect(of(undefined, true, 'https')).toBe('https')
    expect(of('http', true, 'https')).toBe('http')
  })
})

describe('the request id', () => {
  const of = (id: string, trusted = true) => requestIdOf(new HeaderList(['X-Request-Id', id]), trusted)

  it('of a trusted proxy is kept when it is harmless', () => {
    expect(of('abc-123_X.y')).toBe('abc-123_X.y')
    expect(of('a'.repeat(128))).toHaveLength(128)
  })

  it.each(['', 'a b', 'a"b', 'a\u2028b', '<script>', 'a,b', 'a'.repeat(129), '\u00e9', 'a\n'])(
    'is not %j (LG02)',
    (id) => {
      expect(of(id)).toBeUndefined()
    },
  )

  it('of a stranger does not count', () => {
    expect(of('abc', false)).toBeUndefined()
    expect(requestIdOf(new HeaderList(), true)).toBeUndefined()
  })
})
