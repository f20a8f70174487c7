// When keys are fetched, how often, and what is in force while fetching fails. A real server, a clock of our own.
import http from 'node:http'
import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest'
import { JwksClient } from '../../../../plugins/auth/jwks.ts'
import { FakeClock } from '../../../support/fake-clock.ts'
import { type JwksServer, startJwksServer } from '../../../support/jwks-server.ts'
import { leadNamesTo, METADATA } from '../../../support/leading-names.ts'
import { ecKey, jwkSet, type TestKey } from '../../../support/tokens.ts'
import { fakeLogger, fakeMeter } from './fakes.ts'

const old = ecKey('old')
const next = ecKey('next')
const MINUTE = 60_000
const HOUR = 60 * MINUTE

let clock: FakeClock
let server: JwksServer
let logs: { level: string; facts: object; message: string }[]
let counts: Map<string, number>
let client: JwksClient
let started: MockInstance

beforeEach(async () => {
  clock = new FakeClock()
  logs = []
  counts = new Map()
  started = vi.spyOn(http, 'request')
  server = await startJwksServer({ kind: 'keys', text: jwkSet(old) })
  client = newClient()
})

afterEach(async () => {
  client.close()
  vi.restoreAllMocks()
  await server.close()
})

function newClient(url = server.url): JwksClient {
  return new JwksClient({ url, provider: 'corp', clock, logger: fakeLogger(logs), meter: fakeMeter(counts) })
}

const knows = (id: string): boolean => (client.current()?.candidates('ES256', id).length ?? 0) > 0
const publish = (...keys: readonly TestKey[]): void => {
  server.answer = { kind: 'keys', text: jwkSet(...keys) }
}

/** Lets the clock run, then waits for the fetch that this has started, over the real socket. */
async function pass(ms: number): Promise<void> {
  await clock.advance(ms)
  await fetchUnderWay()
}

/** Every fetch is counted once its answer has been taken in. */
async function fetchUnderWay(): Promise<void> {
  const settled = (): number => [...counts.values()].reduce((sum, count) => sum + count, 0)
  while (settled() < started.mock.calls.length) await new Promise<void>((resolve) => setImmediate(resolve))
}

describe('the keys behind an address', () => {
  it('are fetched once the gateway runs, not while it is built', async () => {
    expect(server.requests).toEqual([])
    await pass(0)
    await client.refresh()
    expect(knows('old')).toBe(true)
  })

  it('are fetched once for a thousand requests that need them at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 1000 }, () => client.refresh()))
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]?.candidates('ES256', 'old')).toHaveLength(1)
    expect(server.requests).toEqual(['/jwks.json'])
  })

  it('are renewed in the background every eight minutes, while the old ones stay in force', async () => {
    await client.refresh()
    publish(next)
    await pass(8 * MINUTE - 1)
    expect(server.requests).toHaveLength(1)
    await pass(1)
    expect(server.requests).toHaveLength(2)
    expect([knows('old'), knows('next')]).toEqual([false, true])
    await pass(8 * MINUTE)
    expect(server.requests).toHaveLength(3)
  })

  it('stay the same object while the text is the same', async () => {
    await client.refresh()
    const before = client.current()
    await pass(8 * MINUTE)
    expect(server.requests).toHaveLength(2)
    expect(client.current()).toBe(before)
  })

  it('are fetched anew for an unknown key, at once after a regular fetch', async () => {
    await client.refresh()
    publish(old, next)
    await client.refresh()
    expect([knows('old'), knows('next')]).toEqual([true, true])
    expect(server.requests).toHaveLength(2)
  })

  it('are fetched at most once in 30 s, whoever asks for unknown keys', async () => {
    await client.refresh()
    for (let asked = 0; asked < 10_000; asked++) {
      const answer = client.refresh()
      if (asked % 1000 === 0) await answer
    }
    expect(server.requests).toHaveLength(2)
    await clock.advance(29_999)
    expect(client.refresh()).toBeUndefined()
    await clock.advance(1)
    await client.refresh()
    expect(server.requests).toHaveLength(3)
  })
})

describe('the last good keys', () => {
  const failures: [string, () => void][] = [
    ['answers 500', () => (server.answer = { kind: 'status', status: 500 })],
    ['answers 204', () => (server.answer = { kind: 'status', status: 204 })],
    [
      'redirects',
      () => (server.answer = { kind: 'status', status: 302, headers: { location: '/other.json' } }),
    ],
    ['sends garbage', () => (server.answer = { kind: 'keys', text: '<html>' })],
    ['sends no key at all', () => (server.answer = { kind: 'keys', text: '{"keys":[]}' })],
    ['sends 10 MB', () => (server.answer = { kind: 'padded', text: jwkSet(next), bytes: 10 * 1024 * 1024 })],
    ['resets the connection', () => (server.answer = { kind: 'reset' })],
  ]

  it.each(failures)('stay in force when the issuer %s', async (_, fail) => {
    await client.refresh()
    const before = client.current()
    fail()
    await pass(8 * MINUTE)
    expect(server.requests.every((path) => path === '/jwks.json')).toBe(true)
    expect(client.current()).toBe(before)
    expect(counts.get('auth_jwks_fetches_total{provider=corp,outcome=failed}')).toBe(1)
  })

  it.each([
    ['says nothing', 'silent'],
    ['stops in the middle', 'stalled'],
  ] as const)('stay in force when the issuer %s for two seconds', async (_, kind) => {
    await client.refresh()
    server.answer = { kind }
    await clock.advance(8 * MINUTE)
    const waiting = client.refresh()
    await untilAsked(2)
    await clock.advance(2000)
    expect((await waiting)?.candidates('ES256', 'old')).toHaveLength(1)
    expect(logs[0]?.facts).toMatchObject({ provider: 'corp', reason: 'no answer within 2000 ms' })
  })

  it('are in force for 24 hours without an answer, and then no longer', async () => {
    await client.refresh()
    server.answer = { kind: 'status', status: 500 }
    await pass(24 * HOUR)
    expect(knows('old')).toBe(true)
    await clock.advance(1)
    expect(client.current()).toBeUndefined()
  })

  it('are asked for every 30 s during an outage that is logged once, and its end as well', async () => {
    await client.refresh()
    server.answer = { kind: 'status', status: 500 }
    await pass(8 * MINUTE)
    for (let half = 0; half < 4; half++) await pass(30_000)
    expect(server.requests).toHaveLength(6)
    expect(client.refresh()).toBeUndefined()
    publish(next)
    await pass(30_000)
    expect(knows('next')).toBe(true)
    expect(logs.map(({ level }) => level)).toEqual(['warn', 'info'])
  })
})

describe('an issuer that has never answered', () => {
  beforeEach(() => {
    server.answer = { kind: 'status', status: 503 }
  })

  it('is asked again after 1, 2, 4, 8, 16 and then every 30 seconds', async () => {
    await pass(0)
    const seconds = [1, 2, 4, 8, 16, 30, 30]
    for (const [index, wait] of seconds.entries()) {
      await pass(wait * 1000 - 1)
      expect(server.requests).toHaveLength(index + 1)
      await pass(1)
      expect(server.requests).toHaveLength(index + 2)
    }
  })

  it('is not asked by requests in between', async () => {
    await client.refresh()
    expect(client.refresh()).toBeUndefined()
    await clock.advance(999)
    expect(client.refresh()).toBeUndefined()
    expect(server.requests).toHaveLength(1)
  })

  it('gives its keys to the first request after it is back', async () => {
    expect(await client.refresh()).toBeUndefined()
    publish(old)
    await pass(1000)
    await client.refresh()
    expect(knows('old')).toBe(true)
  })
})

describe('a name that leads to link-local addresses', () => {
  it.each(METADATA)('is not asked for keys: %s', async (address) => {
    leadNamesTo(address)
    const rebound = newClient('https://id.test/keys.json')
    expect(await rebound.refresh()).toBeUndefined()
    const reason = 'id.test leads to a link-local or cloud metadata address'
    expect(logs[0]?.facts).toMatchObject({ url: 'https://id.test/keys.json', reason })
    rebound.close()
  })

  it('is asked while it leads elsewhere', async () => {
    leadNamesTo('127.0.0.1')
    const named = newClient(server.url.replace('127.0.0.1', 'id.test'))
    expect((await named.refresh())?.candidates('ES256', 'old')).toHaveLength(1)
    named.close()
  })
})

describe('a client that is closed', () => {
  it('ends its fetch, and leaves no timer and no log behind', async () => {
    server.answer = { kind: 'silent' }
    const waiting = client.refresh()
    await untilAsked(1)
    client.close()
    expect(await waiting).toBeUndefined()
    expect(clock.timers).toBe(0)
    expect(logs).toEqual([])
    expect(await client.refresh()).toBeUndefined()
    expect(server.requests).toHaveLength(1)
  })
})

async function untilAsked(times: number): Promise<void> {
  while (server.requests.length < times) await new Promise<void>((resolve) => setImmediate(resolve))
}
