// A service as a whole: its targets, its canary, and the one that outlives generations.
import { describe, expect, it, onTestFinished } from 'vitest'
import { HeaderList } from '../../../src/headers.ts'
import { Turn } from '../../../src/turn.ts'
import type { Service } from '../../../src/upstream/service.ts'
import { ServicePool } from '../../../src/upstream/service-pool.ts'
import type { ServiceSettings } from '../../../src/upstream/settings.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { startTarget } from '../../support/target-server.ts'
import { collect, createExchange, createRequest, failureOf, SETTINGS, startService, targets } from './rig.ts'

async function named(name: string) {
  const target = await startTarget((_request, response) => void response.end(name))
  onTestFinished(() => target.close())
  return target
}

describe('a service', () => {
  it('takes its targets in turn when told to', async () => {
    const [a, b] = [await named('a'), await named('b')]
    const { service } = startService({ targets: targets(a.url, b.url), balance: 'roundRobin' })
    const bodies = []
    for (let time = 0; time < 4; time++) bodies.push((await collect(service.call(createRequest()))).body)
    expect(bodies).toEqual(['a', 'b', 'a', 'b'])
    expect(service.name).toBe('orders')
  })

  it('takes the less loaded target by default', async () => {
    const [a, b] = [await named('a'), await named('b')]
    const { service } = startService({ targets: targets(a.url, b.url) })
    service.targets[0]!.onPushback(1)
    expect((await collect(service.call(createRequest()))).body).toBe('b')
  })

  it('lists the targets of its canary as well', async () => {
    const canary = { percent: 0.5, targets: targets('http://c.test') }
    const { service } = startService({ targets: targets('http://a.test'), canary })
    expect(service.targets.map(({ url }) => url)).toEqual(['http://a.test', 'http://c.test'])
  })
})

describe('a canary', () => {
  it('gets its share, and the same caller stays with it', async () => {
    const [stable, canary] = [await named('stable'), await named('canary')]
    const { service } = startService({
      targets: targets(stable.url),
      canary: { percent: 0.5, targets: targets(canary.url), stickyBy: 'header:X-Tenant' },
    })
    const askAs = async (tenant: string) => {
      const exchange = createExchange({ headers: new HeaderList(['X-Tenant', tenant]) })
      return (await collect(service.call(createRequest({ exchange })))).body
    }
    const sides = []
    for (let tenant = 0; tenant < 40; tenant++) {
      const side = await askAs(`t${tenant}`)
      expect(await askAs(`t${tenant}`)).toBe(side)
      sides.push(side)
    }
    expect(new Set(sides)).toEqual(new Set(['stable', 'canary']))
  })

  it('that fails costs nobody an answer: the next attempt goes to the stable side', async () => {
    const stable = await named('stable')
    const { service } = startService({
      targets: targets(stable.url),
      canary: { percent: 1, targets: targets('unix:/nowhere/canary.sock') },
    })
    const exchange = createExchange()
    expect((await failureOf(service.call(createRequest({ exchange })))).code).toBe('UPSTREAM_UNREACHABLE')
    expect((await collect(service.call(createRequest({ exchange })))).body).toBe('stable')
  })
})

describe('the pool of services', () => {
  function createServicePool(): ServicePool {
    const note = () => {}
    return new ServicePool({
      clock: new FakeClock(),
      random: () => 0,
      logger: { debug: note, info: note, warn: note, error: note },
      observer: { start: () => ({ headers: [], end: note }) },
      turn: new Turn(),
    })
  }

  const settingsOf = (overrides: Partial<ServiceSettings> = {}): ServiceSettings => ({
    ...SETTINGS,
    targets: targets('http://a.test'),
    ...overrides,
  })

  it('gives the same service for the same settings, whoever wrote them', () => {
    const pool = createServicePool()
    const service = pool.hold(settingsOf())
    expect(pool.hold(settingsOf())).toBe(service)
    expect(pool.hold({ ...settingsOf(), origin: 'other.yaml:3' } as ServiceSettings)).toBe(service)
  })

  it.each([
    ['name', { name: 'catalog' }],
    ['targets', { targets: targets('http://b.test') }],
    ['weight', { targets: [{ url: 'http://a.test', weight: 2 }] }],
    ['balance', { balance: 'roundRobin' }],
    ['canary', { canary: { percent: 0.1, targets: [] } }],
    ['ejection', { ejection: { failures: 1, successRate: 0, windowMs: 1, minimum: 1, baseMs: 1, maxMs: 1 } }],
    ['connections', { connections: { ...SETTINGS.connections, max: 11 } }],
    ['tls', { tls: { serverName: 'x', digest: '' } }],
    ['certificate', { tls: { digest: 'renewed' } }],
    ['proxyProtocol', { proxyProtocol: 'v2' }],
  ] satisfies [string, Partial<ServiceSettings>][])('gives another for another %s', (_what, overrides) => {
    const pool = createServicePool()
    expect(pool.hold(settingsOf(overrides))).not.toBe(pool.hold(settingsOf()))
  })

  it('closes a service when its last holder lets go, and not before', async () => {
    const pool = createServicePool()
    const service = pool.hold(settingsOf())
    pool.hold(settingsOf())
    const { pool: connections } = (service as Service).targets[0]!
    await pool.release(settingsOf())
    expect([connections.closed, pool.hold(settingsOf())]).toEqual([false, service])
    await pool.release(settingsOf())
    await pool.release(settingsOf())
    expect(connections.closed).toBe(true)
    expect(pool.hold(settingsOf())).not.toBe(service)
  })

  it('does not mind what was never held', async () => {
    const pool = createServicePool()
    await pool.release(settingsOf())
    const service = pool.hold(settingsOf()) as Service
    expect(service.targets[0]!.pool.closed).toBe(false)
  })

  it('keeps nothing of a service that could not be made', () => {
    const pool = createServicePool()
    const broken = settingsOf({
      targets: targets('https://a.test'),
      tls: { cert: Buffer.from('none'), digest: '' },
    })
    for (let time = 0; time < 2; time++) expect(() => pool.hold(broken)).toThrow()
  })
})
