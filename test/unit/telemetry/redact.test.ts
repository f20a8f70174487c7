import { describe, expect, it } from 'vitest'
import { safeFacts, safeText } from '../../../src/telemetry/redact.ts'

const JWT = `eyJ${'a'.repeat(20)}.eyJ${'b'.repeat(20)}.${'c'.repeat(20)}`

describe('free text in a log', () => {
  it('loses credentials of a URL, queries and bearer tokens', () => {
    expect(safeText('connect redis://user:pa55@cache:6379/0 failed')).toBe(
      'connect redis://[redacted]@cache:6379/0 failed',
    )
    expect(safeText('GET http://a.example/x?api_key=1 and /y?token=2')).toBe(
      'GET http://a.example/x?[redacted] and /y?[redacted]',
    )
    expect(safeText('header "authorization: Bearer abc.def" or Basic dXNlcg==')).toBe(
      'header "authorization: Bearer [redacted] or Basic [redacted]',
    )
    expect(safeText(`token ${JWT} is expired`)).toBe('token [redacted] is expired')
    expect(safeText('redis://:p@ss@host')).toBe('redis://[redacted]@host')
  })

  it('keeps ordinary sentences, questions and addresses', () => {
    for (const text of [
      'did you mean /orders? yes',
      'what? no',
      'https://a.example:8443/x/y',
      'mail a@b.example',
      '',
    ]) {
      expect(safeText(text)).toBe(text)
    }
  })

  it('is cut when it is long', () => {
    expect(safeText('a '.repeat(40_000)).length).toBeLessThan(4100)
  })

  it('reads each character a bounded number of times', () => {
    const started = process.cpuUsage()
    for (const part of ['a', '/', '?', '@', ':', 'eyJ', '.', 'a://']) safeText(part.repeat(64_000))
    expect(process.cpuUsage(started).user).toBeLessThan(500_000)
  })
})

describe('facts in a log', () => {
  it('lose the values of secret names at any depth', () => {
    const secret = {
      authorization: 'a',
      'Proxy-Authorization': 'b',
      cookie: 'c',
      'set-cookie': ['d'],
      query: '?e',
    }
    const more = {
      'x-api-key': 'f',
      apiKey: 'g',
      password: 'h',
      clientSecret: 'i',
      access_token: 'j',
      token: 'k',
    }
    const written = JSON.stringify(safeFacts({ headers: { ...secret, deeper: [more] } }))
    const { headers } = JSON.parse(written)
    expect(Object.values({ ...headers, deeper: '[redacted]' })).toEqual(Array(6).fill('[redacted]'))
    expect(Object.values(headers.deeper[0])).toEqual(Array(6).fill('[redacted]'))
  })

  it('keep the rest', () => {
    const facts = {
      route: 'orders.read',
      count: 3,
      ok: true,
      none: null,
      missing: undefined,
      tokens: 5,
      list: [1, 'b'],
    }
    expect(safeFacts(facts)).toEqual(facts)
  })

  it('tell an error by type, message, code, stack and cause, never by its other properties', () => {
    const cause = Object.assign(new Error('to redis://:pa55@cache'), {
      command: { name: 'auth', args: ['pa55'] },
    })
    const error = Object.assign(new TypeError('failed', { cause }), { code: 'ECONNREFUSED' })
    const written = safeFacts({ error }) as { error: { cause: object } }
    expect(written.error).toMatchObject({ type: 'TypeError', message: 'failed', code: 'ECONNREFUSED' })
    expect(written.error.cause).toMatchObject({ type: 'Error', message: 'to redis://[redacted]@cache' })
    expect(JSON.stringify(written)).not.toContain('pa55')
    expect(safeFacts(new Error('bare'))).toMatchObject({ error: { message: 'bare' } })
  })

  it('are bounded in depth and number, and survive cycles', () => {
    const loop: Record<string, unknown> = { many: Array(500).fill(1) }
    loop.self = loop
    const written = safeFacts(loop)
    expect(written.many).toHaveLength(100)
    expect(JSON.stringify(written)).toContain('[deep]')
    expect(
      Object.keys(safeFacts(Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`k${n}`, n])))),
    ).toHaveLength(100)
  })

  it('turn what JSON cannot say into words', () => {
    const facts = {
      big: 5n,
      run: () => 1,
      sign: Symbol('s'),
      at: new Date(0),
      never: new Date(Number.NaN),
      raw: Buffer.from('secret'),
    }
    expect(safeFacts(facts)).toEqual({
      big: '5',
      run: '[function]',
      sign: '[symbol]',
      at: '1970-01-01T00:00:00.000Z',
      never: null,
      raw: '[bytes]',
    })
  })

  it('never throw, even when a getter does', () => {
    const hostile = {
      get boom(): string {
        throw new Error('no')
      },
    }
    expect(safeFacts(hostile)).toEqual({ facts: '[unreadable]' })
  })
})
