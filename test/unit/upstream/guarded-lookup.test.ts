// Names that lead to link-local addresses: refused when a connection is made, whatever they led to before.
import { afterEach, describe, expect, it, vi } from 'vitest'
import { connectTcp } from '../../../src/upstream/tcp-connect.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { leadNamesTo, METADATA } from '../../support/leading-names.ts'
import { collect, createRequest, failureOf, startRaw, startService, targets } from './rig.ts'

afterEach(() => {
  vi.restoreAllMocks()
})

describe('a name', () => {
  it.each(METADATA)('that leads to %s is not connected to', async (address) => {
    leadNamesTo(address)
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
    leadNamesTo('127.0.0.1', METADATA[0])
    const { service } = startService({ targets: targets('http://rebound.test:1') })
    expect(String((await failureOf(service.call(createRequest()))).cause)).toContain('leads to')
  })

  it('that has led to a good address may not lead there the next time', async () => {
    const target = await startRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok')
    })
    leadNamesTo('127.0.0.1')
    const { service } = startService({ targets: targets(target.url.replace('127.0.0.1', 'rebound.test')) })
    expect((await collect(service.call(createRequest()))).body).toBe('ok')
    leadNamesTo(METADATA[0])
    expect(String((await failureOf(service.call(createRequest()))).cause)).toContain('leads to')
    expect(target.accepted).toHaveLength(1)
  })
})
