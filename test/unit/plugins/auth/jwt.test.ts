// Where a token may stand, how a bad one is answered, and how a good one is remembered.
import { describe, expect, it } from 'vitest'
import { bearer, challenges, fakeExchange, fakes, run } from './fakes.ts'
import { NOW, token, withRsa } from './jwt-fixture.ts'

describe('the place of a token', () => {
  const good = token()
  const outcomes: [string, string[], string][] = [
    ['the scheme in lower case', ['authorization', `bearer ${good}`], 'accepted'],
    ['the scheme in upper case', ['AUTHORIZATION', `BEARER ${good}`], 'accepted'],
    ['two spaces after the scheme', ['Authorization', `Bearer  ${good}`], 'UNAUTHENTICATED'],
    ['no scheme', ['Authorization', good], 'UNAUTHENTICATED'],
    ['another scheme', ['Authorization', `Basic ${good}`], 'UNAUTHENTICATED'],
    ['the scheme alone', ['Authorization', 'Bearer'], 'UNAUTHENTICATED'],
    [
      'the same header twice',
      ['Authorization', `Bearer ${good}`, 'authorization', `Bearer ${good}`],
      'UNAUTHENTICATED',
    ],
    ['two tokens in one header', ['Authorization', `Bearer ${good}, Bearer ${good}`], 'UNAUTHENTICATED'],
    ['a cookie that nobody configured', ['Cookie', `session=${good}`], 'UNAUTHENTICATED'],
  ]

  it.each(outcomes)('%s', async (_, pairs, expected) => {
    const refusal = await run(fakes().route('corp', { auth: { corp: withRsa } }), fakeExchange(pairs))
    expect(refusal?.code ?? 'accepted').toBe(expected)
  })

  it('is never the query', async () => {
    const hooks = fakes().route('corp', { auth: { corp: withRsa } })
    expect((await run(hooks, fakeExchange([], `?access_token=${good}`)))?.code).toBe('UNAUTHENTICATED')
  })

  it('may be another header, with the bare token', async () => {
    const hooks = fakes().route('corp', { auth: { corp: { ...withRsa, header: 'X-Access-Token' } } })
    expect(await run(hooks, fakeExchange({ 'x-access-token': good }))).toBeUndefined()
    expect((await run(hooks, fakeExchange({ 'x-access-token': `Bearer ${good}` })))?.status).toBe(401)
    expect((await run(hooks, fakeExchange(bearer(good))))?.status).toBe(401)
  })

  const cookies: [string, string[], string][] = [
    ['alone', ['Cookie', `session=${good}`], 'accepted'],
    ['among others', ['Cookie', `a=1; session=${good}; b=2`], 'accepted'],
    ['in fields that HTTP/2 split', ['cookie', 'a=1', 'cookie', `session=${good}`], 'accepted'],
    ['twice', ['Cookie', `session=${good}; session=${good}`], 'UNAUTHENTICATED'],
    [
      'beside a token in the header',
      ['Cookie', `session=${good}`, 'Authorization', `Bearer ${good}`],
      'UNAUTHENTICATED',
    ],
    ['under a longer name', ['Cookie', `xsession=${good}`], 'UNAUTHENTICATED'],
    ['without a value', ['Cookie', 'session'], 'UNAUTHENTICATED'],
  ]

  it.each(cookies)('may be a configured cookie: %s', async (_, pairs, expected) => {
    const hooks = fakes().route('corp', { auth: { corp: { ...withRsa, cookie: 'session' } } })
    const refusal = await run(hooks, fakeExchange(pairs))
    expect(refusal?.code ?? 'accepted').toBe(expected)
  })
})

describe('a consumer', () => {
  it('is known until its token lets nobody in any more', async () => {
    const hooks = fakes().route('corp', { auth: { corp: withRsa } })
    const exchange = fakeExchange(bearer(token({ claims: { exp: 4_000_000_000 } })))
    await run(hooks, exchange)
    expect(exchange.consumer?.expiresAt).toBe((4_000_000_000 + 30) * 1000)
  })
})

describe('the answer to a bad token', () => {
  it('is the same for an expired, a forged and a misaddressed one', async () => {
    const hooks = fakes().route('corp', { auth: { corp: withRsa } })
    const answers = []
    for (const bad of [
      token({ claims: { exp: 1 } }),
      `${token().slice(0, -8)}AAAAAAAA`,
      token({ claims: { aud: 'x' } }),
      'x',
    ]) {
      const { code, status, detail, headers, members } = (await run(hooks, fakeExchange(bearer(bad))))!
      answers.push(JSON.stringify({ code, status, detail, headers, members }))
    }
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toContain('Bearer error=\\"invalid_token\\"')
  })

  it('carries a plain challenge when no token came along', async () => {
    const refusal = await run(fakes().route('corp', { auth: { corp: withRsa } }), fakeExchange())
    expect(refusal?.code).toBe('UNAUTHENTICATED')
    expect(challenges(refusal)).toEqual(['Bearer'])
  })

  it('calls two tokens a bad one, not an absent one', async () => {
    const twice = ['Authorization', `Bearer ${token()}`, 'Authorization', `Bearer ${token()}`]
    const refusal = await run(fakes().route('corp', { auth: { corp: withRsa } }), fakeExchange(twice))
    expect(challenges(refusal)).toEqual(['Bearer error="invalid_token"'])
  })

  it('is counted by decision, and its reason is only in the debug log', async () => {
    const fake = fakes()
    const hooks = fake.route('corp', { auth: { corp: withRsa } })
    const expired = token({ claims: { exp: 1 } })
    await run(hooks, fakeExchange(bearer(expired)))
    await run(hooks, fakeExchange())
    await run(hooks, fakeExchange(bearer(token())))
    expect(fake.logs).toEqual([
      {
        level: 'debug',
        facts: { provider: 'corp', requestId: 'r1', reason: 'expired' },
        message: 'credentials refused',
      },
    ])
    expect(Object.fromEntries(fake.counts)).toEqual({
      'auth_decisions_total{provider=corp,decision=rejected}': 1,
      'auth_decisions_total{provider=corp,decision=absent}': 1,
      'auth_decisions_total{provider=corp,decision=accepted}': 1,
    })
  })
})

describe('the cache of verified tokens', () => {
  it('does not take a forged signature for the true one', async () => {
    const hooks = fakes().route('corp', { auth: { corp: withRsa } })
    const good = token()
    const [header, payload] = good.split('.')
    const other = token({ claims: { jti: 'other' } }).split('.')[2]
    expect(await run(hooks, fakeExchange(bearer(good)))).toBeUndefined()
    expect((await run(hooks, fakeExchange(bearer(`${header}.${payload}.${other}`))))?.status).toBe(401)
    expect(await run(hooks, fakeExchange(bearer(good)))).toBeUndefined()
  })

  it('lets a token in no longer than its expiry and the skew', async () => {
    const fake = fakes()
    const hooks = fake.route('corp', { auth: { corp: withRsa } })
    const short = token({ claims: { exp: NOW + 10 } })
    expect(await run(hooks, fakeExchange(bearer(short)))).toBeUndefined()
    await fake.clock.advance(39_000)
    expect(await run(hooks, fakeExchange(bearer(short)))).toBeUndefined()
    await fake.clock.advance(1_000)
    expect((await run(hooks, fakeExchange(bearer(short))))?.status).toBe(401)
  })

  it('judges by wall time when the clock is stepped forwards and backwards by an hour', async () => {
    const fake = fakes()
    const hooks = fake.route('corp', { auth: { corp: withRsa } })
    const good = token({ claims: { nbf: NOW } })
    expect(await run(hooks, fakeExchange(bearer(good)))).toBeUndefined()
    fake.clock.stepWallTime(3_600_000)
    expect((await run(hooks, fakeExchange(bearer(good))))?.status).toBe(401)
    fake.clock.stepWallTime(-7_200_000)
    expect((await run(hooks, fakeExchange(bearer(good))))?.status).toBe(401)
    fake.clock.stepWallTime(3_600_000)
    expect(await run(hooks, fakeExchange(bearer(good)))).toBeUndefined()
  })

  it('is not shared between two providers that trust different audiences', async () => {
    const fake = fakes()
    const root = { auth: { corp: withRsa, other: { ...withRsa, audience: 'other' } } }
    expect(await run(fake.route('corp', root), fakeExchange(bearer(token())))).toBeUndefined()
    expect((await run(fake.route('other', root), fakeExchange(bearer(token()))))?.status).toBe(401)
  })

  it('never answers for what a route asks: scopes are checked each time', async () => {
    const fake = fakes()
    const root = { auth: { corp: withRsa } }
    const reader = token({ claims: { scope: 'orders:read' } })
    const read = fake.route({ use: 'corp', scopes: ['orders:read'] }, root)
    const write = fake.route({ use: 'corp', scopes: ['orders:write'] }, root)
    expect(await run(read, fakeExchange(bearer(reader)))).toBeUndefined()
    expect((await run(write, fakeExchange(bearer(reader))))?.code).toBe('INSUFFICIENT_SCOPE')
    expect(await run(read, fakeExchange(bearer(reader)))).toBeUndefined()
  })

  it('keeps the hook synchronous', () => {
    const hooks = fakes().route('corp', { auth: { corp: withRsa } })
    expect(hooks.onRequest?.(fakeExchange(bearer(token())))).toBeUndefined()
    expect(() => hooks.onRequest?.(fakeExchange(bearer('x')))).toThrow('Valid credentials are required')
  })
})
