// Names that lead to link-local addresses: refused when a connection is made, whatever they led to before.
import dns from 'node:dns'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { connectTcp } from '../../../src/upstream/tcp-connect.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { collect, createRequest, failureOf, startRaw, startService, targets } from './rig.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

type Done = (error: null, found: unknown, family?: number) => void

/** All names lead there from now on. */
function leadTo(...addresses: readonly string[]): void {
  const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  vi.spyOn(dns, 'lookup').mockImplementation(((_name: string, options: dns.LookupOptions, done: Done) => {
    setImmediate(() => (options.all ? done(null, found) : done(null, found[0]!.address, found[0]!.family)))
  }) as never)
}

const METADATA = ['169.254.169.254', 'fe80::1', 'fd00:ec2::254', '::ffff:169.254.169.254']

describe('a name', () => {
  it.each(METADATA)('that leads to %s is not connected to', async (address) => {
    leadTo(address)
    const { service } = startService({ targets: targets('http://rebound.test:1') })
    const failure = await failureOf(service.call(createRequest()))
    expect(failure).toMatchObject({ code: 'UPSTREAM_UNREACHABLE', unprocessed: true })
    expect(String(failure.cause)).toContain('rebound.test leads to a link-local or cloud metadata address')
    const secure = startService({ targets: targets('https://rebound.test:1') })
    expect(String((await failureOf(secure.service.call(createRequest()))).cause)).toContain('leads to')
    const options = { clock: new FakeClock(), timeoutMs: 1000 }
    expect(await connectTcp({ host: 'rebound.test', port: 1 }, options)).toMatchObject({
      code: 'UPSTREAM_UNREACHABLE',
    })
  })

  it('that leads there beside a good address is not believed either', async () => {
    leadTo('127.0.0.1', METADATA[0]!)
    const { service } = startService({ targets: targets('http://rebound.test:1') })
    expect(String((await failureOf(service.call(createRequest()))).cause)).toContain('leads to')
  })

  it('that has led to a good address may not lead there the next time', async () => {
    const target = await startRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok')
    })
    leadTo('127.0.0.1')
    const { service } = startService({ targets: targets(target.url.replace('127.0.0.1', 'rebound.test')) })
    expect((await collect(service.call(createRequest()))).body).toBe('ok')
    leadTo(METADATA[0]!)
    expect(String((await failureOf(service.call(createRequest()))).cause)).toContain('leads to')
    expect(target.accepted).toHaveLength(1)
  })
})
