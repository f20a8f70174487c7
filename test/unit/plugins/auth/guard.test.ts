// Who passes when a route takes several providers or asks for scopes and claims, and what the service then receives.
import { describe, expect, it } from 'vitest'
import { FakeClock } from '../../../support/fake-clock.ts'
import { AUDIENCE, ISSUER, signToken } from '../../../support/tokens.ts'
import { bearer, challenges, fakeExchange, fakes, run, secondsOf } from './fakes.ts'

const SECRET = 'corp-secret-of-more-than-32-bytes!!'
const SECRET_2 = 'shop-secret-of-more-than-32-bytes!!'
const KEY = 'acme-0123456789abcdef'
const NOW = secondsOf(new FakeClock())

const corp = { type: 'jwt', issuer: ISSUER, audience: AUDIENCE, secret: SECRET, tier: 'plan' }
const shop = { ...corp, issuer: 'https://shop.test', secret: SECRET_2, claimsToHeaders: { 'X-Shop': 'shop' } }
const root = {
  auth: { corp, shop, partner: { type: 'apiKey', query: 'key' } },
  consumers: { acme: { apiKey: KEY }, 'user-1': { tier: 'silver', scopes: ['admin'] } },
}

const token = (claims: Record<string, unknown> = {}): string => signToken({ key: SECRET, at: NOW, claims })
const shopToken = (claims: Record<string, unknown> = {}): string =>
  signToken({ key: SECRET_2, at: NOW, claims: { iss: 'https://shop.test', ...claims } })

describe('a route with several providers', () => {
  const any = ['corp', 'shop', 'partner']

  it.each([
    ['the first', bearer(token()), 'user-1'],
    ['the second', bearer(shopToken({ sub: 'shopper' })), 'shopper'],
    ['the last', { 'X-Api-Key': KEY }, 'acme'],
    ['the last, beside a token that nobody accepts', { 'X-Api-Key': KEY, Authorization: 'Bearer x' }, 'acme'],
    ['the first, beside a key that nobody knows', { ...bearer(token()), 'X-Api-Key': 'nobody' }, 'user-1'],
  ])('lets in whom %s of them recognises', async (_, headers, id) => {
    const exchange = fakeExchange(headers)
    expect(await run(fakes().route(any, root), exchange)).toBeUndefined()
    expect(exchange.consumer?.id).toBe(id)
  })

  it('names each scheme once when it refuses', async () => {
    const hooks = fakes().route({ use: any }, root)
    expect(challenges(await run(hooks, fakeExchange()))).toEqual(['Bearer', 'ApiKey'])
    const refusal = await run(hooks, fakeExchange({ ...bearer('x'), 'X-Api-Key': 'nobody' }))
    expect(challenges(refusal)).toEqual(['Bearer error="invalid_token"', 'ApiKey'])
  })

  it('forwards no credential but the one that was verified', async () => {
    const byKey = fakeExchange({ 'X-Api-Key': KEY, Authorization: 'Bearer x' })
    await run(fakes().route(any, root), byKey)
    expect(byKey.request.headers.pairs).toEqual(['X-Consumer-Id', 'acme'])

    const byToken = fakeExchange({ ...bearer(token()), 'X-Api-Key': 'nobody' }, '?key=nobody')
    await run(fakes().route(any, root), byToken)
    expect(byToken.request.headers.get('authorization')).toBe(`Bearer ${token()}`)
    expect(byToken.request.headers.has('x-api-key')).toBe(false)
    expect(byToken.request.path).toBe('/orders/1')
  })

  it('leaves no header that only another of its providers may fill', async () => {
    const exchange = fakeExchange({ ...bearer(token()), 'x-shop': 'mine' })
    await run(fakes().route(any, root), exchange)
    expect(exchange.request.headers.has('x-shop')).toBe(false)
  })
})

describe('the scopes that a route asks for', () => {
  const cases: [string, object, Record<string, unknown>, number][] = [
    ['all of them in `scope`', { scopes: ['a', 'b'] }, { scope: 'b a c' }, 200],
    ['all of them in a list', { scopes: ['a', 'b'] }, { scope: ['a', 'b'] }, 200],
    ['all of them in `scp`', { scopes: ['a', 'b'] }, { scp: ['a', 'b'] }, 200],
    ['one missing', { scopes: ['a', 'b'] }, { scope: 'a' }, 403],
    ['a longer name', { scopes: ['a'] }, { scope: 'ab' }, 403],
    ['another case', { scopes: ['a'] }, { scope: 'A' }, 403],
    ['no scope claim', { scopes: ['a'] }, {}, 403],
    ['an object as scope claim', { scopes: ['a'] }, { scope: { a: true } }, 403],
    ['two scopes smuggled into one list entry', { scopes: ['a'] }, { scope: ['x a'] }, 403],
    ['`scp` beside `scope`', { scopes: ['a'] }, { scope: 'x', scp: 'a' }, 403],
    ['scopes that the config gives a consumer of the same name', { scopes: ['admin'] }, {}, 403],
    ['one of any', { anyScope: ['a', 'b'] }, { scope: 'b' }, 200],
    ['none of any', { anyScope: ['a', 'b'] }, { scope: 'c' }, 403],
    ['all and one of any', { scopes: ['a'], anyScope: ['b', 'c'] }, { scope: 'a c' }, 200],
    ['all but none of any', { scopes: ['a'], anyScope: ['b', 'c'] }, { scope: 'a' }, 403],
    ['a claim', { claims: { org: 'acme' } }, { org: 'acme' }, 200],
    ['a claim of several values', { claims: { org: ['acme', 'init'] } }, { org: 'init' }, 200],
    ['a claim that is a list', { claims: { groups: 'dev' } }, { groups: ['ops', 'dev'] }, 200],
    ['a claim that is a truth value', { claims: { email_verified: true } }, { email_verified: true }, 200],
    ['a truth value as text', { claims: { email_verified: true } }, { email_verified: 'true' }, 403],
    ['another value of a claim', { claims: { org: 'acme' } }, { org: 'acme2' }, 403],
    ['an absent claim', { claims: { org: 'acme' } }, {}, 403],
    ['a claim of the prototype', { claims: { constructor: 'x' } }, {}, 403],
    ['one of two claims', { claims: { org: 'acme', team: 'a' } }, { org: 'acme' }, 403],
  ]

  it.each(cases)('%s: %o with %o -> %i', async (_, asked, claims, status) => {
    const hooks = fakes().route({ use: 'corp', ...asked }, root)
    const refusal = await run(hooks, fakeExchange(bearer(token(claims))))
    expect(refusal?.status ?? 200).toBe(status)
  })

  it('are named in the answer, and the log can tell who was refused', async () => {
    const fake = fakes()
    const exchange = fakeExchange(bearer(token()))
    const refusal = await run(fake.route({ use: 'corp', scopes: ['orders:read'] }, root), exchange)
    expect(refusal?.code).toBe('INSUFFICIENT_SCOPE')
    expect(challenges(refusal)).toEqual(['Bearer error="insufficient_scope", scope="orders:read"'])
    expect(exchange.consumer?.id).toBe('user-1')
    expect(fake.counts.get('auth_decisions_total{provider=corp,decision=forbidden}')).toBe(1)
  })

  it('are not named where only a claim is missing', async () => {
    const refusal = await run(
      fakes().route({ use: 'corp', claims: { org: 'a' } }, root),
      fakeExchange(bearer(token())),
    )
    expect(challenges(refusal)).toEqual(['Bearer error="insufficient_scope"'])
  })

  it('may stand in a claim of any name', async () => {
    const named = { auth: { corp: { ...corp, scope: 'permissions' } } }
    const hooks = fakes().route({ use: 'corp', scopes: ['a'] }, named)
    expect(await run(hooks, fakeExchange(bearer(token({ permissions: ['a'] }))))).toBeUndefined()
    expect((await run(hooks, fakeExchange(bearer(token({ scope: 'a' })))))?.status).toBe(403)
  })
})

describe('the consumer', () => {
  it('has the id, tier, scopes and claims of its token', async () => {
    const exchange = fakeExchange(bearer(token({ plan: 'gold', scope: 'a b a' })))
    await run(fakes().route('corp', root), exchange)
    expect(exchange.consumer).toMatchObject({ id: 'user-1', tier: 'gold', scopes: ['a', 'b'] })
    expect(exchange.consumer?.claims['iss']).toBe(ISSUER)
  })

  it('has the declared tier when its token carries none', async () => {
    const exchange = fakeExchange(bearer(token()))
    await run(fakes().route('corp', root), exchange)
    expect(exchange.consumer?.tier).toBe('silver')
    const nobody = fakeExchange(bearer(token({ sub: 'toString' })))
    await run(fakes().route('corp', root), nobody)
    expect(nobody.consumer?.tier).toBeUndefined()
  })

  it('may be named by another claim', async () => {
    const exchange = fakeExchange(bearer(token({ client_id: 'app-7' })))
    await run(fakes().route('corp', { auth: { corp: { ...corp, consumer: 'client_id' } } }), exchange)
    expect(exchange.consumer?.id).toBe('app-7')
  })
})

describe('what the service receives', () => {
  it('is the identity, in place of whatever the client sent under these names', async () => {
    const spoofed = [
      'x-consumer-id',
      'admin',
      'X-CONSUMER-ID',
      'root',
      'X-Consumer-Tier',
      'gold',
      'X-Auth-Scopes',
      '*',
    ]
    const exchange = fakeExchange([...spoofed, 'Authorization', `Bearer ${token({ sub: 'u' })}`])
    await run(fakes().route('corp', root), exchange)
    expect(exchange.request.headers.all('x-consumer-id')).toEqual(['u'])
    expect(exchange.request.headers.has('x-consumer-tier')).toBe(false)
    expect(exchange.request.headers.has('x-auth-scopes')).toBe(false)
  })

  it('contains the chosen claims, and nothing under their names when a token lacks them', async () => {
    const claimsToHeaders = { 'X-User-Email': 'email', 'X-Groups': 'groups' }
    const hooks = fakes().route('corp', { auth: { corp: { ...corp, claimsToHeaders } } })
    const exchange = fakeExchange({
      ...bearer(token({ email: 'a@b.test', groups: ['x', 'y'] })),
      'x-user-email': 'z',
    })
    await run(hooks, exchange)
    expect(exchange.request.headers.all('x-user-email')).toEqual(['a@b.test'])
    expect(exchange.request.headers.get('x-groups')).toBe('x,y')
    const without = fakeExchange({ ...bearer(token()), 'x-user-email': 'spoofed' })
    await run(hooks, without)
    expect(without.request.headers.has('x-user-email')).toBe(false)
  })

  it('is the same on the cached way', async () => {
    const hooks = fakes().route('corp', {
      auth: { corp: { ...corp, claimsToHeaders: { 'X-User-Email': 'email' } } },
    })
    const headers = bearer(token({ email: 'a@b.test', scope: 'a' }))
    const [first, second] = [fakeExchange(headers), fakeExchange(headers)]
    await run(hooks, first)
    await run(hooks, second)
    expect(second.request.headers.pairs).toEqual(first.request.headers.pairs)
    expect(second.consumer).toEqual(first.consumer)
  })

  it('contains the verified token, unless the provider says otherwise', async () => {
    const kept = fakeExchange(bearer(token()))
    await run(fakes().route('corp', root), kept)
    expect(kept.request.headers.get('authorization')).toBe(`Bearer ${token()}`)
    const removed = fakeExchange(bearer(token()))
    await run(fakes().route('corp', { auth: { corp: { ...corp, forward: false } } }), removed)
    expect(removed.request.headers.has('authorization')).toBe(false)
  })

  it.each([
    [['Cookie', 'a=1; session=T; b=2'], ['a=1; b=2']],
    [['Cookie', 'session=T'], []],
    [['cookie', 'a=1', 'cookie', 'session=T', 'cookie', 'b=2'], ['a=1; b=2']],
  ])('loses only the cookie with the token when that is not forwarded: %j', async (pairs, cookies) => {
    const provider = { ...corp, cookie: 'session', forward: false }
    const exchange = fakeExchange(pairs.map((text) => text.replace('=T', `=${token()}`)))
    expect(await run(fakes().route('corp', { auth: { corp: provider } }), exchange)).toBeUndefined()
    expect(exchange.request.headers.all('cookie')).toEqual(cookies)
  })

  it('keeps the cookies as they are when the token came in the header', async () => {
    const provider = { ...corp, cookie: 'session', forward: false }
    const exchange = fakeExchange({ ...bearer(token()), Cookie: 'a=1;b=2' })
    await run(fakes().route('corp', { auth: { corp: provider } }), exchange)
    expect(exchange.request.headers.get('cookie')).toBe('a=1;b=2')
  })
})
