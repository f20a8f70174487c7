// Key files: read relative to the config, anew for each generation, or the reason for its refusal.
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { FakeClock } from '../../../support/fake-clock.ts'
import { AUDIENCE, ecKey, ISSUER, jwkSet, rsaKey, signToken } from '../../../support/tokens.ts'
import { bearer, fakeExchange, fakes, run, secondsOf } from './fakes.ts'

const rsa = rsaKey('rsa')
const p256 = ecKey('p256')
const p384 = ecKey('p384', 'P-384')
const weak = rsaKey('weak', { bits: 1024 })
const NOW = secondsOf(new FakeClock())

const jwt = (settings: object): object => ({ type: 'jwt', issuer: ISSUER, audience: AUDIENCE, ...settings })

describe('a key file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'auth-'))
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text)
    return name
  }
  const good = (key = rsa): string => signToken({ key, at: NOW })

  it('is read relative to the config', async () => {
    const root = { auth: { corp: jwt({ publicKeyFile: file('rsa.pem', rsa.pem) }) } }
    const hooks = fakes().route('corp', root, { folder })
    expect(await run(hooks, fakeExchange(bearer(good())))).toBeUndefined()
    expect((await run(hooks, fakeExchange(bearer(good(rsaKey('rsa'))))))?.status).toBe(401)
  })

  it('is read anew for a new generation, although the settings are the same', async () => {
    const fake = fakes()
    const root = { auth: { corp: jwt({ publicKeyFile: file('swap.pem', rsa.pem) }) } }
    fake.route('corp', root, { folder })
    file('swap.pem', p384.pem)
    const hooks = fake.route('corp', root, { folder })
    expect(await run(hooks, fakeExchange(bearer(good(p384))))).toBeUndefined()
    expect((await run(hooks, fakeExchange(bearer(good()))))?.status).toBe(401)
  })

  it('is taken up when it is replaced: tokens of the old key are refused, remembered ones too', async () => {
    const fake = fakes()
    const root = { auth: { corp: jwt({ publicKeyFile: file('live.pem', rsa.pem) }) } }
    const hooks = fake.route('corp', root, { folder })
    const token = good()
    expect(await run(hooks, fakeExchange(bearer(token)))).toBeUndefined()
    file('live.pem', p384.pem)
    await fake.clock.advance(5000)
    await vi.waitFor(async () => expect((await run(hooks, fakeExchange(bearer(token))))?.status).toBe(401))
    expect(await run(hooks, fakeExchange(bearer(good(p384))))).toBeUndefined()
  })

  it('is another one for another folder, in gateways that share a clock', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'auth-'))
    writeFileSync(join(elsewhere, 'set.json'), jwkSet(p256))
    const root = { auth: { corp: jwt({ jwksFile: file('set.json', jwkSet(rsa)) }) } }
    const fake = fakes()
    const first = fake.route('corp', root, { folder })
    const second = fakes(fake.clock).route('corp', root, { folder: elsewhere })
    expect(await run(first, fakeExchange(bearer(good())))).toBeUndefined()
    expect((await run(second, fakeExchange(bearer(good()))))?.status).toBe(401)
    expect(await run(second, fakeExchange(bearer(good(p256))))).toBeUndefined()
  })

  it.each([
    ['publicKeyFile', 'missing.pem', undefined, /^auth.corp.publicKeyFile: ENOENT/],
    ['publicKeyFile', 'bad.pem', 'x', /^auth.corp.publicKeyFile: not a public key in PEM form/],
    ['jwksFile', 'missing.json', undefined, /^auth.corp.jwksFile: ENOENT/],
    ['jwksFile', 'bad.json', '{', /^auth.corp.jwksFile: the JWK set is not JSON/],
    ['jwksFile', 'weak.json', jwkSet(weak), /^auth.corp.jwksFile: the JWK set has no key that may verify/],
  ])('refuses the generation: %s %s', (field, name, text, message) => {
    if (text !== undefined) file(name, text)
    const root = { auth: { corp: jwt({ [field]: name }) } }
    expect(() => fakes().route('corp', root, { folder })).toThrow(message)
  })
})
