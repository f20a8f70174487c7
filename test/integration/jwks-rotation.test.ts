// Tokens while their issuer rotates its keys, is down, or answers nonsense: the plugin against a real HTTP server.
import http from 'node:http'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import type { Hooks } from '../../src/plugin.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { type JwksAnswer, type JwksServer, startJwksServer } from '../support/jwks-server.ts'
import {
  AUDIENCE,
  ecKey,
  jwkSet,
  rsaKey,
  signToken,
  type TestKey,
  type TokenOptions,
} from '../support/tokens.ts'
import {
  bearer,
  challenges,
  type Fakes,
  fakeExchange,
  fakes,
  run,
  secondsOf,
} from '../unit/plugins/auth/fakes.ts'

const old = rsaKey('old')
const next = rsaKey('next')
const KEY = 'acme-0123456789abcdef'
const MINUTE = 60_000
const HOUR = 60 * MINUTE

let issuer: JwksServer
let gateway: Fakes
let fetches: MockInstance

beforeEach(async () => {
  fetches = vi.spyOn(http, 'request')
  issuer = await startJwksServer({ kind: 'keys', text: jwkSet(old) })
  gateway = fakes()
})

afterEach(async () => {
  await gateway.close()
  fetches.mockRestore()
  await issuer.close()
})

const publish = (...keys: readonly TestKey[]): void => {
  issuer.answer = { kind: 'keys', text: jwkSet(...keys) }
}

const corp = (): object => ({
  type: 'jwt',
  issuer: 'https://idp.test',
  audience: AUDIENCE,
  jwksUrl: issuer.url,
})

/** A route of a new generation. */
const route = (settings: unknown = 'corp', extra: object = {}): Hooks =>
  gateway.route(settings, {
    auth: { corp: corp(), partner: { type: 'apiKey' }, ...extra },
    consumers: { acme: { apiKey: KEY } },
  })

const tokenOf = (key: TestKey, options: Partial<TokenOptions> = {}): string =>
  signToken({ key, at: secondsOf(gateway.clock), ...options })

async function statusOf(hooks: Hooks, key: TestKey, options: Partial<TokenOptions> = {}): Promise<number> {
  return (await run(hooks, fakeExchange(bearer(tokenOf(key, options)))))?.status ?? 200
}

/** Lets time pass, and the fetches that it brings come to their end. */
async function pass(ms: number): Promise<void> {
  await gateway.clock.advance(ms)
  const settled = (): number =>
    [...gateway.counts].reduce((sum, [name, count]) => sum + (name.startsWith('auth_jwks') ? count : 0), 0)
  while (settled() < fetches.mock.calls.length) await new Promise<void>((resolve) => setImmediate(resolve))
}

describe('the first token', () => {
  it('waits for the keys, and every later one is judged without waiting', async () => {
    const hooks = route()
    const first = hooks.onRequest?.(fakeExchange(bearer(tokenOf(old))))
    expect(first).toBeInstanceOf(Promise)
    await first
    expect(hooks.onRequest?.(fakeExchange(bearer(tokenOf(old, { claims: { jti: '2' } }))))).toBeUndefined()
    expect(issuer.requests).toHaveLength(1)
  })

  it('finds the keys where the issuer implies', async () => {
    const origin = issuer.url.replace('/jwks.json', '')
    const implied = { type: 'jwt', issuer: `${origin}/`, audience: AUDIENCE }
    const hooks = route('implied', { implied })
    expect(await statusOf(hooks, old, { claims: { iss: `${origin}/` } })).toBe(200)
    expect(issuer.requests).toEqual(['/.well-known/jwks.json'])
  })

  it('costs no fetch when it cannot pass anyway', async () => {
    const hooks = route()
    for (const claims of [{ exp: 1 }, { iss: 'https://evil.test' }, { aud: 'x' }]) {
      expect(await statusOf(hooks, old, { claims })).toBe(401)
    }
    expect((await run(hooks, fakeExchange(bearer('a.b.c'))))?.status).toBe(401)
    expect(await statusOf(hooks, old, { algorithm: 'RS512' })).toBe(401)
    expect(fetches).not.toHaveBeenCalled()
  })

  it('never leads to an address that it brings itself', async () => {
    const attacker = await startJwksServer({ kind: 'keys', text: jwkSet(next) })
    const header = { jku: attacker.url, x5u: attacker.url, kid: 'next' }
    expect(await statusOf(route(), next, { header })).toBe(401)
    expect(attacker.requests).toEqual([])
    await attacker.close()
  })
})

describe('rotation', () => {
  it('lets a new key in with one fetch, and the old one until it is withdrawn', async () => {
    const hooks = route()
    expect(await statusOf(hooks, old)).toBe(200)
    publish(old, next)
    expect(await statusOf(hooks, next)).toBe(200)
    expect(await statusOf(hooks, old)).toBe(200)
    expect(issuer.requests).toHaveLength(2)

    publish(next)
    await pass(8 * MINUTE)
    expect(await statusOf(hooks, next)).toBe(200)
    expect(issuer.requests).toHaveLength(3)
    expect(await statusOf(hooks, old)).toBe(401)
  })

  it('puts out what a withdrawn key has signed, although it was verified a moment ago', async () => {
    const hooks = route()
    const headers = bearer(tokenOf(old, { claims: { exp: secondsOf(gateway.clock) + 3600 } }))
    expect(await run(hooks, fakeExchange(headers))).toBeUndefined()
    await pass(8 * MINUTE - 1)
    expect(await run(hooks, fakeExchange(headers))).toBeUndefined()
    publish(next)
    await pass(1)
    expect((await run(hooks, fakeExchange(headers)))?.status).toBe(401)
  })

  it('is no way to make the gateway hammer its issuer: 10,000 unknown keys, one fetch', async () => {
    const hooks = route()
    await statusOf(hooks, old)
    const stranger = ecKey('x')
    const flood = Array.from({ length: 10_000 }, (_, at) =>
      run(hooks, fakeExchange(bearer(tokenOf(stranger, { header: { kid: `k${at}` } })))),
    )
    const statuses = new Set((await Promise.all(flood)).map((refusal) => refusal?.status))
    expect([...statuses]).toEqual([401])
    expect(issuer.requests).toHaveLength(2)
    expect(await statusOf(hooks, old)).toBe(200)
    await pass(30_000)
    await Promise.all([statusOf(hooks, stranger), statusOf(hooks, stranger)])
    expect(issuer.requests).toHaveLength(3)
  })
})

describe('an outage of the issuer', () => {
  const outages: [string, JwksAnswer][] = [
    ['answers 500', { kind: 'status', status: 500 }],
    ['sends garbage', { kind: 'keys', text: 'garbage' }],
    ['sends 10 MB', { kind: 'padded', text: jwkSet(next), bytes: 10 * 1024 * 1024 }],
    ['redirects to itself', { kind: 'status', status: 302, headers: { location: '/jwks.json' } }],
    [
      'redirects elsewhere',
      { kind: 'status', status: 307, headers: { location: 'http://169.254.169.254/' } },
    ],
    ['resets connections', { kind: 'reset' }],
    ['sends 10,000 keys', { kind: 'keys', text: `{"keys":[${'{},'.repeat(9999)}{}]}` }],
  ]

  it.each(outages)('that %s fails no token of a known key, for an hour', async (_, answer) => {
    const hooks = route()
    await statusOf(hooks, old)
    issuer.answer = answer
    for (let passed = 0; passed < HOUR; passed += 10 * MINUTE) {
      await pass(10 * MINUTE)
      expect(await statusOf(hooks, old)).toBe(200)
    }
    expect(gateway.logs.filter(({ level }) => level === 'warn')).toHaveLength(1)
  })

  it.each(outages)('that %s from the start is 503, never an open door', async (_, answer) => {
    issuer.answer = answer
    const hooks = route()
    const refusal = await run(hooks, fakeExchange(bearer(tokenOf(old))))
    expect(refusal?.code).toBe('IDENTITY_UNAVAILABLE')
    expect(refusal?.headers).toEqual(['Retry-After', '5'])
    expect(challenges(refusal)).toEqual([])
    expect(await statusOf(hooks, next)).toBe(503)
    publish(old)
    await pass(1000)
    expect(await statusOf(hooks, old)).toBe(200)
  })

  it.each(['silent', 'stalled'] as const)(
    'with a %s server costs a request two seconds at most',
    async (kind) => {
      issuer.answer = { kind }
      const hooks = route()
      const waiting = statusOf(hooks, old)
      while (issuer.requests.length === 0) await new Promise<void>((resolve) => setImmediate(resolve))
      await gateway.clock.advance(2000)
      expect(await waiting).toBe(503)
    },
  )

  it('of more than a day is 503, and its end is noticed without any request', async () => {
    const hooks = route()
    await statusOf(hooks, old)
    issuer.answer = { kind: 'status', status: 500 }
    await pass(24 * HOUR + 1)
    expect(await statusOf(hooks, old)).toBe(503)
    publish(old)
    await pass(30_000)
    expect(await statusOf(hooks, old)).toBe(200)
  })

  it('leaves the other providers of a route at work', async () => {
    issuer.answer = { kind: 'status', status: 500 }
    const hooks = route(['corp', 'partner'])
    expect(await run(hooks, fakeExchange({ 'X-Api-Key': KEY }))).toBeUndefined()
    expect(await run(hooks, fakeExchange({ ...bearer(tokenOf(old)), 'X-Api-Key': KEY }))).toBeUndefined()
    expect(await statusOf(hooks, old)).toBe(503)
    expect((await run(hooks, fakeExchange({ 'X-Api-Key': 'nobody' })))?.status).toBe(401)
  })
})

describe('the routes of a gateway', () => {
  it('ask the issuer once for all of them', async () => {
    const routes = ['a', 'b', 'c'].map((scope) => route({ use: 'corp', anyScope: [scope] }))
    const statuses = routes.map((hooks) => statusOf(hooks, old, { claims: { scope: 'a b c' } }))
    expect(await Promise.all(statuses)).toEqual([200, 200, 200])
    expect(issuer.requests).toHaveLength(1)
  })

  it('ask once although they trust the issuer for different things', async () => {
    const strict = { ...corp(), audience: 'other', clockSkew: '0s' }
    const routes = [route(['corp', 'strict'], { strict }), route('strict', { strict })]
    expect(await statusOf(routes[0]!, old)).toBe(200)
    expect(await statusOf(routes[1]!, old, { claims: { aud: 'other' } })).toBe(200)
    expect(issuer.requests).toHaveLength(1)
  })

  it('keep the keys over a reload during an outage, with other settings and consumers', async () => {
    await statusOf(route(), old)
    issuer.answer = { kind: 'reset' }
    const reloaded = route({ use: 'changed' }, { changed: { ...corp(), tier: 'plan' } })
    expect(await statusOf(reloaded, old)).toBe(200)
    expect(issuer.requests).toHaveLength(1)
  })

  it('leave no timer behind when they are closed', async () => {
    await statusOf(route(), old)
    route('partner')
    expect(gateway.clock).toBeInstanceOf(FakeClock)
    expect(gateway.clock.timers).toBe(1)
    await gateway.close()
    expect(gateway.clock.timers).toBe(0)
  })
})
