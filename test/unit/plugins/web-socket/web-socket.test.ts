// `webSocket`: whose pages may open a connection, how many may be open, and what it says of each.
import { describe, expect, it } from 'vitest'
import type { WebSocketSettings } from '../../../../plugins/web-socket/settings.ts'
import { webSocket } from '../../../../plugins/web-socket/web-socket.ts'
import type { Exchange, GatewayError, Hooks, Upgrade } from '../../../../src/plugin.ts'
import { fakeExchange } from '../cors/fake-exchange.ts'
import { FakeContext } from '../retry/fakes.ts'

function hooksOf(value: unknown, context = new FakeContext<WebSocketSettings>()): Hooks {
  return webSocket.create(webSocket.settings.parse(value), context)
}

function handshake(...headers: string[]): Exchange & { readonly upgrade: Upgrade } {
  const exchange = fakeExchange({ headers: ['Host', 'App.test:8443', ...headers] })
  return Object.assign(exchange, { upgrade: { protocol: 'websocket' as const, limits: undefined } })
}

function refusal(hooks: Hooks, exchange: Exchange): string | undefined {
  try {
    hooks.onRequest!(exchange)
    return undefined
  } catch (thrown) {
    return (thrown as GatewayError).code
  }
}

const refusalOf = (value: unknown, ...origins: string[]) =>
  refusal(hooksOf(value), handshake(...origins.flatMap((origin) => ['Origin', origin])))

describe('webSocket', () => {
  it('lets a handshake through within its limits', () => {
    const plain = handshake()
    hooksOf(true).onRequest!(plain)
    expect(plain.upgrade.limits).toEqual({
      idleMs: 600_000,
      lifetimeMs: 86_400_000,
      messageBytes: 16 * 1024 * 1024,
      untilExpiry: true,
    })
    const given = handshake()
    hooksOf({ idle: '5m', lifetime: '12h', message: '64KiB', untilExpiry: false }).onRequest!(given)
    expect(given.upgrade.limits).toEqual({
      idleMs: 300_000,
      lifetimeMs: 43_200_000,
      messageBytes: 65_536,
      untilExpiry: false,
    })
  })

  it('has nothing to say about other requests', () => {
    const hooks = hooksOf({ origins: ['https://a.test'], limit: 1 })
    for (let time = 0; time < 3; time++) {
      expect(refusal(hooks, fakeExchange({ headers: ['Origin', 'https://evil.test'] }))).toBeUndefined()
    }
  })

  it.each([
    ['https://app.test:8443', undefined],
    ['http://APP.test:8443', undefined],
    ['https://app.test', 'ORIGIN_FORBIDDEN'],
    ['https://evil.test', 'ORIGIN_FORBIDDEN'],
    ['https://app.test:8443.evil.test', 'ORIGIN_FORBIDDEN'],
    ['https://evil.test/app.test:8443', 'ORIGIN_FORBIDDEN'],
    ['https://app.test:8443@evil.test', 'ORIGIN_FORBIDDEN'],
    ['app.test:8443', 'ORIGIN_FORBIDDEN'],
    ['null', 'ORIGIN_FORBIDDEN'],
    ['', 'ORIGIN_FORBIDDEN'],
  ])('without a list takes pages of the host that is asked: %j', (origin, code) => {
    expect(refusalOf(true, origin)).toBe(code)
  })

  it.each([
    ['https://a.test', undefined],
    ['https://A.test', 'ORIGIN_FORBIDDEN'],
    ['https://app.test:8443', 'ORIGIN_FORBIDDEN'],
    ['https://a.test.evil.test', 'ORIGIN_FORBIDDEN'],
    ['null', 'ORIGIN_FORBIDDEN'],
  ])('with a list takes exactly those: %j', (origin, code) => {
    expect(refusalOf({ origins: ['https://a.test', 'https://b.test'] }, origin)).toBe(code)
  })

  it('takes every page when told so, and programs always', () => {
    expect(refusalOf({ origins: '*' }, 'https://evil.test')).toBeUndefined()
    expect(refusalOf({ origins: ['https://a.test'] })).toBeUndefined()
    expect(refusalOf(true)).toBeUndefined()
  })

  it('takes no two origins at once', () => {
    expect(refusalOf(true, 'https://app.test:8443', 'https://app.test:8443')).toBe('ORIGIN_FORBIDDEN')
    expect(refusalOf({ origins: ['https://a.test'] }, 'https://a.test', 'https://a.test')).toBe(
      'ORIGIN_FORBIDDEN',
    )
  })

  it('lets only so many be open at once, and counts those that it refuses', () => {
    const context = new FakeContext<WebSocketSettings>()
    const hooks = hooksOf({ limit: 2 }, context)
    const open = [handshake(), handshake()]
    for (const one of open) expect(refusal(hooks, one)).toBeUndefined()
    const refused = handshake()
    expect(refusal(hooks, refused)).toBe('CONCURRENCY_LIMITED')
    expect(refused.upgrade.limits).toBeUndefined()
    expect(context.meter.read('web_socket_open{scope=orders}')).toBe(2)
    expect(context.meter.counts.get('web_socket_refused_total{scope=orders}')).toBe(1)
    // The end of one that was refused frees no place.
    hooks.onFinish!(refused)
    expect(refusal(hooks, handshake())).toBe('CONCURRENCY_LIMITED')
    hooks.onFinish!(open[0]!)
    expect(refusal(hooks, handshake())).toBeUndefined()
  })

  it.each([
    ['false origins', { origins: ['https://a.test/'] }, 'is not an origin as browsers send it'],
    ['no origins', { origins: [] }, 'origins'],
    ['a bare word', 'yes', 'expected true, or an object'],
    ['no idle time', { idle: '0s' }, 'idle is more than 0'],
    ['a life without end', { lifetime: '30d' }, 'at most 7d'],
  ])('refuses %s', (_name, value, message) => {
    const { success, error } = webSocket.settings.safeParse(value)
    expect(success).toBe(false)
    expect(JSON.stringify(error!.issues)).toContain(message)
  })
})
