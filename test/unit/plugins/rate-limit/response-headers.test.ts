import { describe, expect, it } from 'vitest'
import { compileLimits } from '../../../../plugins/rate-limit/limit.ts'
import { type Standing, writeStandings } from '../../../../plugins/rate-limit/response-headers.ts'
import { HeaderList } from '../../../../src/plugin.ts'
import { parse } from './route-under-test.ts'

const place = { route: 'orders.read', service: 'orders' }

function standing(written: object, state?: Partial<Standing['state']>): Standing {
  const layer = { level: 'route', settings: parse(written), origin: 'a.yaml:1' } as const
  const quota = compileLimits([layer], place)[0]!.base
  const known = { allowed: true, remaining: 42, resetMs: 17_500, retryAfterMs: 0, ...state }
  return { quota, state: state && known }
}

function written(standings: readonly Standing[], elapsedMs = 0, headers = new HeaderList()): HeaderList {
  writeStandings(headers, standings, elapsedMs)
  return headers
}

// RFC 9651: a list of quoted strings, each with parameters that are integers.
const STRING = '"[\\x20-\\x21\\x23-\\x5b\\x5d-\\x7e]*"'
const STRUCTURED = (parameters: string) => new RegExp(`^${STRING}${parameters}(?:, ${STRING}${parameters})*$`)

describe('rate limit headers', () => {
  it('name the policy and where the client stands', () => {
    const headers = written([standing({ limit: '100/min', name: 'per-client' }, {})])
    expect(headers.pairs).toEqual([
      'RateLimit-Policy',
      '"per-client";q=100;w=60',
      'RateLimit',
      '"per-client";r=42;t=18',
      'X-RateLimit-Limit',
      '100',
      'X-RateLimit-Remaining',
      '42',
      'X-RateLimit-Reset',
      '18',
    ])
  })

  it('are lists of structured fields for any number of policies', () => {
    const headers = written([
      standing({ limit: '100/min', name: 'a' }, {}),
      standing({ rate: '10/s', burst: 50 }, { remaining: 7, resetMs: 4321 }),
      standing({ limit: '5000/h', name: 'c' }, { remaining: 0, resetMs: 1 }),
    ])
    expect(headers.get('ratelimit-policy')).toMatch(STRUCTURED(';q=\\d+;w=\\d+'))
    expect(headers.get('ratelimit')).toMatch(STRUCTURED(';r=\\d+;t=\\d+'))
    expect(headers.get('ratelimit-policy')).toBe(
      '"a";q=100;w=60, "orders.read-1";q=50;w=5, "c";q=5000;w=3600',
    )
    expect(headers.get('ratelimit')).toBe('"a";r=42;t=18, "orders.read-1";r=7;t=5, "c";r=0;t=1')
  })

  it.each([
    ['with the fewest requests left', { remaining: 3 }, { remaining: 4 }],
    ['that refuses', { remaining: 9, allowed: false }, { remaining: 4 }],
    [
      'that takes longest to come back, of equals',
      { remaining: 4, resetMs: 2000 },
      { remaining: 4, resetMs: 1000 },
    ],
  ])('tell older clients of the policy %s', (_which, tight, loose) => {
    const [first, second] = [standing({ limit: '7/min' }, tight), standing({ limit: '9/min' }, loose)]
    for (const order of [
      [first, second],
      [second, first],
    ]) {
      expect(written(order).get('x-ratelimit-limit')).toBe('7')
    }
  })

  it('count the time that the service took', () => {
    const headers = written([standing({ limit: '100/min' }, { resetMs: 17_500 })], 4_000)
    expect(headers.get('x-ratelimit-reset')).toBe('14')
    expect(written([standing({ limit: '100/min' }, {})], 60_000).get('x-ratelimit-reset')).toBe('0')
  })

  it('replace what a service says under the same names', () => {
    const theirs = [
      'ratelimit',
      '"x";r=1',
      'X-Ratelimit-Limit',
      '1',
      'x-ratelimit-limit',
      '2',
      'RateLimit-Policy',
      '"x"',
    ]
    const headers = written([standing({ limit: '100/min' }, {})], 0, new HeaderList(theirs))
    expect(headers.all('x-ratelimit-limit')).toEqual(['100'])
    expect(headers.all('ratelimit')).toEqual(['"orders.read-1";r=42;t=18'])
    expect(headers.all('ratelimit-policy')).toEqual(['"orders.read-1";q=100;w=60'])
  })

  it('say nothing about what nobody knows, and let nobody else say it', () => {
    const theirs = new HeaderList(['RateLimit', '"x";r=1', 'X-RateLimit-Remaining', '5', 'Server', 'x'])
    const headers = written([standing({ limit: '100/min' })], 0, theirs)
    expect(headers.pairs).toEqual(['Server', 'x', 'RateLimit-Policy', '"orders.read-1";q=100;w=60'])
  })
})
