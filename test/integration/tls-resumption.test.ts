// TLS sessions that are resumed: they open no door that they were not begun at, and say no more than they did there.
import { X509Certificate } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { SecureVersion } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startTestGateway, type TestGateway } from '../support/gateway.ts'
import { startTarget, type TargetServer } from '../support/target-server.ts'
import { askOverTls, renamed, type TlsQuestion } from '../support/tls-client.ts'
import { issueCertificate } from '../unit/upstream/certificates.ts'

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const
const CERT = 'x-turnpike-client-cert'

const exact = issueCertificate(['api.test'])
const other = issueCertificate(['web.test', '*.wild.test'])
const alice = issueCertificate(['alice.internal'])
const bob = issueCertificate(['bob.internal'])

type Listener = 'open' | 'alices' | 'bobs' | 'lenient'

/** `clients` of each listener, as it stands in the config. */
const config = (clients: Partial<Record<Listener, string>> = {}) => {
  const asked = {
    open: '',
    alices: 'clientCertificates: { ca: alice.pem }',
    bobs: 'clientCertificates: { ca: bob.pem }',
    lenient: 'clientCertificates: { ca: bob.pem, required: false }',
    ...clients,
  }
  const listeners = Object.entries(asked).map(
    ([name, keys]) => `
  ${name}:
    address: "127.0.0.1:0"
    tls:
      certificates: [{ cert: exact.pem, key: exact-key.pem }, { cert: other.pem, key: other-key.pem }]
      ${keys}`,
  )
  return `
listeners:${listeners.join('')}
auth: { mtls: { type: clientCertificate, consumer: dns } }
services:
  api:
    targets: ["${target.url}"]
    routes: { all: { match: /*, auth: none }, private: { match: /private, auth: mtls } }
`
}

let target: TargetServer
let gateway: TestGateway

beforeEach(async () => {
  target = await startTarget()
  gateway = await startTestGateway(config(), {
    files: {
      'exact.pem': exact.cert,
      'exact-key.pem': exact.key,
      'other.pem': other.cert,
      'other-key.pem': other.key,
      'alice.pem': alice.cert,
      'bob.pem': bob.cert,
    },
  })
})

afterEach(async () => {
  await gateway.stop()
  await target.close()
})

const ask = (listener: Listener, question: TlsQuestion = {}) =>
  askOverTls(gateway.gateway.addresses.listeners[listener]!, question)

const fingerprintOf = ({ cert }: { cert: string }) => new X509Certificate(cert).fingerprint256

/** What the service was told of who asked last. */
const told = () => target.seen.at(-1)?.headers[CERT]

const renew = async (name: string, text: string) => {
  writeFileSync(join(dirname(gateway.file), name), text)
  expect(await gateway.gateway.reload()).toMatchObject({ result: 'applied' })
}

describe.each(VERSIONS)('a session of %s', (version) => {
  const only = { minVersion: version, maxVersion: version }

  it('is resumed where it began, by whom it was begun', async () => {
    const first = await ask('alices', { ...only, ...alice })
    expect(first).toMatchObject({ resumed: false, text: expect.stringMatching(/ 200 /) })
    const name = told()
    expect(name).toContain('DNS="alice.internal"')
    const second = await ask('alices', { ...only, session: first.session, path: '/private' })
    expect(second).toMatchObject({ resumed: true, text: expect.stringMatching(/ 200 /) })
    expect(told()).toBe(name)
    expect(target.seen.at(-1)!.headers['x-consumer-id']).toBe('alice.internal')
  })

  it('that began without a certificate is nobody where one is optional', async () => {
    const { session } = await ask('lenient', only)
    const { resumed, text } = await ask('lenient', { ...only, session, path: '/private' })
    expect([resumed, text]).toEqual([true, expect.stringMatching(/^HTTP\/1\.1 401 /)])
    expect(target.seen).toHaveLength(1)
  })

  it.each([
    ['open', 'alices', 'no certificate', {}],
    ['lenient', 'bobs', 'no certificate', {}],
    ['alices', 'bobs', 'one of another issuer', alice],
  ] as const)(
    'that began at "%s" is no way in at "%s", where a certificate is required: with %s',
    async (from, to, _which, own) => {
      const { session } = await ask(from, { ...only, ...own })
      expect(session).toBeDefined()
      target.seen.length = 0
      expect((await ask(to, { ...only, ...own, session })).text).toBe('')
      expect((await ask(to, { ...only, session })).text).toBe('')
      expect(target.seen).toEqual([])
    },
  )

  it('that began with a certificate is nobody where another issuer is trusted, though it need not be', async () => {
    const { session } = await ask('alices', { ...only, ...alice })
    const { resumed, text } = await ask('lenient', { ...only, session })
    expect([resumed, text]).toEqual([false, expect.stringMatching(/ 200 /)])
    expect(told()).toBeUndefined()
    expect((await ask('lenient', { ...only, session, path: '/private' })).text).toMatch(/^HTTP\/1\.1 401 /)
  })

  it.each([
    ['at once', {}],
    ['after a hello that is sent twice', { ecdhCurve: 'ffdhe4096:P-256' }],
  ])('that began with the certificate of its name is resumed: %s', async (_how, groups) => {
    const question = { ...only, ...groups, servername: 'a.wild.test', asks: 'a.wild.test' }
    const { session, fingerprint } = await ask('open', question)
    expect(fingerprint).toBe(fingerprintOf(other))
    const { resumed, text } = await ask('open', { ...question, session })
    expect([resumed, text]).toEqual([true, expect.stringMatching(/ 200 /)])
  })

  it('outlives reloads that leave its listener as it is', async () => {
    const { session } = await ask('alices', { ...only, ...alice })
    await gateway.reload(config({ bobs: 'clientCertificates: { ca: alice.pem }' }))
    expect(await ask('alices', { ...only, session })).toMatchObject({ resumed: true })
    expect(told()).toContain('DNS="alice.internal"')
  })

  it('ends with the certificate of the gateway that it was begun with', async () => {
    const { session } = await ask('open', only)
    const next = issueCertificate(['api.test'])
    writeFileSync(join(dirname(gateway.file), 'exact-key.pem'), next.key)
    await renew('exact.pem', next.cert)
    const { resumed, fingerprint } = await ask('open', { ...only, session })
    expect([resumed, fingerprint]).toEqual([false, fingerprintOf(next)])
  })

  it('ends with the trust in its issuer', async () => {
    const { session } = await ask('alices', { ...only, ...alice })
    target.seen.length = 0
    await renew('alice.pem', bob.cert)
    expect((await ask('alices', { ...only, ...alice, session })).text).toBe('')
    expect((await ask('alices', { ...only, session })).text).toBe('')
    expect(target.seen).toEqual([])
    expect((await ask('alices', { ...only, ...bob })).text).toMatch(/ 200 /)
    expect(told()).toContain('DNS="bob.internal"')
  })

  it.each([
    ['required, not optional', 'lenient', 'clientCertificates: { ca: bob.pem }'],
    ['required, not left alone', 'open', 'clientCertificates: { ca: bob.pem }'],
  ] as const)('that began without a certificate ends when one is %s', async (_change, name, clients) => {
    const { session } = await ask(name, only)
    target.seen.length = 0
    expect(await gateway.reload(config({ [name]: clients }))).toMatchObject({ result: 'applied' })
    expect((await ask(name, { ...only, session })).text).toBe('')
    expect((await ask(name, only)).text).toBe('')
    expect((await ask(name, { ...only, ...alice })).text).toBe('')
    expect(target.seen).toEqual([])
    expect((await ask(name, { ...only, ...bob })).text).toMatch(/ 200 /)
    expect(told()).toContain('DNS="bob.internal"')
  })
})

describe('a session that is resumed for another name', () => {
  const resume = async (maxVersion: SecureVersion, asks: string) => {
    const { session } = await ask('open', { maxVersion, servername: 'api.test' })
    const question = {
      maxVersion,
      session: renamed(session!, 'api.test', 'web.test'),
      servername: 'web.test',
    }
    const { resumed, text } = await ask('open', { ...question, asks })
    return [resumed, text.slice(9, 12)]
  }

  it('is for that one: TLS 1.3', async () => {
    expect(await resume('TLSv1.3', 'api.test')).toEqual([true, '421'])
    expect(await resume('TLSv1.3', 'web.test')).toEqual([true, '200'])
  })

  it('has no name, as node tells none: TLS 1.2', async () => {
    expect(await resume('TLSv1.2', 'api.test')).toEqual([true, '200'])
    expect(await resume('TLSv1.2', 'web.test')).toEqual([true, '200'])
  })
})

it('certificates of clients that a reload no longer asks for are not asked for', async () => {
  expect((await ask('bobs')).text).toBe('')
  await gateway.reload(config({ bobs: '' }))
  expect((await ask('bobs')).text).toMatch(/ 200 /)
})
