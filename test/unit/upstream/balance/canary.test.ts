// The canary's share, who stays on which side, and that a bad canary costs nobody an answer.
import { describe, expect, it } from 'vitest'
import { HeaderList } from '../../../../src/headers.ts'
import type { Exchange } from '../../../../src/plugin.ts'
import type { Balancer } from '../../../../src/upstream/balance/balancer.ts'
import { createSideChooser, pickCanary } from '../../../../src/upstream/balance/canary.ts'
import type { Target } from '../../../../src/upstream/target.ts'
import { dice } from '../../../support/dice.ts'
import { createFleet, NONE, nameOf } from './fleet.ts'

interface Caller {
  readonly ip?: string
  readonly consumer?: string
  readonly headers?: string[]
}

function exchangeOf({ ip = '1.1.1.1', consumer, headers = [] }: Caller): Exchange {
  return {
    clientIp: ip,
    consumer: consumer === undefined ? undefined : { id: consumer },
    headers: new HeaderList(headers),
  } as unknown as Exchange
}

const chooser = (percent: number, stickyBy?: string, random = dice(1)) =>
  createSideChooser({ percent, targets: [], stickyBy }, random)

function shareOf(choose: ReturnType<typeof chooser>, callers: readonly Caller[]): number {
  return callers.filter((caller) => choose(exchangeOf(caller)) === 'canary').length / callers.length
}

const callers = Array.from({ length: 20_000 }, (_, at) => ({
  ip: `10.0.${at >> 8}.${at & 255}`,
  consumer: `consumer-${at}`,
  headers: ['X-Tenant', `tenant-${at}`, 'Cookie', `other=1; session=s${at}`],
}))

describe('the share of the canary', () => {
  it.each([0, 0.01, 0.1, 0.5, 1])('is %d when each request is drawn anew', (percent) => {
    expect(shareOf(chooser(percent), callers)).toBeCloseTo(percent, 2)
  })

  it.each(['ip', 'consumer', 'header:X-Tenant', 'cookie:session'])(
    'is kept when it sticks by %s',
    (stickyBy) => {
      for (const percent of [0, 0.05, 0.3, 1]) {
        expect(Math.abs(shareOf(chooser(percent, stickyBy), callers) - percent)).toBeLessThan(0.01)
      }
    },
  )
})

describe('a caller', () => {
  const sidesOf = (stickyBy: string, caller: Caller) => {
    const choose = chooser(0.5, stickyBy, () => {
      throw new Error('not by chance')
    })
    return new Set(Array.from({ length: 5 }, () => choose(exchangeOf(caller))))
  }

  it.each(['ip', 'consumer', 'header:X-Tenant', 'cookie:session'])('stays on its side by %s', (stickyBy) => {
    for (const caller of callers.slice(0, 50)) expect(sidesOf(stickyBy, caller).size).toBe(1)
  })

  it('stays on its side when the share grows', () => {
    const [few, many] = [chooser(0.1, 'consumer'), chooser(0.4, 'consumer')]
    const before = callers.filter((caller) => few(exchangeOf(caller)) === 'canary')
    expect(before.every((caller) => many(exchangeOf(caller)) === 'canary')).toBe(true)
  })

  it.each([
    ['ip', { ip: '1.1.1.1' }],
    ['consumer', { consumer: 'x' }],
    ['header:X-Tenant', { headers: ['x-tenant', 'x'] }],
    ['cookie:session', { headers: ['Cookie', 'session=x'] }],
  ] as [string, Caller][])('is told apart by %s, and by nothing else', (stickyBy, same) => {
    const others = callers.slice(0, 50)
    const choose = chooser(0.5, stickyBy)
    expect(new Set(others.map((caller) => choose(exchangeOf(caller)))).size).toBe(2)
    expect(new Set(others.map((caller) => choose(exchangeOf({ ...caller, ...same })))).size).toBe(1)
  })

  it.each(['consumer', 'header:X-Tenant', 'cookie:session'])(
    'without a %s is known by its address',
    (stickyBy) => {
      for (const { ip } of callers.slice(0, 50)) {
        expect(chooser(0.5, stickyBy)(exchangeOf({ ip }))).toBe(chooser(0.5, 'ip')(exchangeOf({ ip })))
      }
    },
  )

  it.each([
    ['session=s1', 's1'],
    ['a=1; session=s1; b=2', 's1'],
    ['a=1;session=s1', 's1'],
    ['session = s1', 's1'],
    ['session=s1==', 's1=='],
    ['xsession=s2; session=s1', 's1'],
  ])('with the cookies %j is known by %s', (cookie, value) => {
    const choose = chooser(0.5, 'cookie:session')
    const side = choose(exchangeOf({ headers: ['Cookie', `session=${value}`] }))
    for (const { ip } of callers.slice(0, 50)) {
      expect(choose(exchangeOf({ ip, headers: ['Cookie', cookie] }))).toBe(side)
    }
  })

  it.each(['', 'session', '=s1', 'sessions=s1', ';;;'])(
    'with the cookies %j is known by its address',
    (cookie) => {
      for (const { ip } of callers.slice(0, 50)) {
        const exchange = exchangeOf({ ip, headers: ['Cookie', cookie] })
        expect(chooser(0.5, 'cookie:session')(exchange)).toBe(chooser(0.5, 'ip')(exchange))
      }
    },
  )
})

describe('a canary that is not fit', () => {
  const always = (target: Target | undefined): Balancer<Target> => ({ pick: () => target })

  it('hands its request to the stable side', () => {
    const { targets } = createFleet(1, 1)
    const [canary, stable] = [targets[0]!, targets[1]!]
    expect(nameOf(pickCanary(always(canary), always(stable), NONE))).toBe('a')
    expect(nameOf(pickCanary(always(canary), always(stable), new Set([canary.url])))).toBe('b')
    expect(nameOf(pickCanary(always(undefined), always(stable), NONE))).toBe('b')
    canary.healthy = false
    expect(nameOf(pickCanary(always(canary), always(stable), NONE))).toBe('b')
  })
})
