// The plugin `timeout`: what it sets on the exchange, and which settings it refuses.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { timeout } from '../../../../plugins/timeout/timeout.ts'
import type { Hooks } from '../../../../src/plugin.ts'
import { FakeExchange } from '../retry/fakes.ts'

function start(value: unknown) {
  const hooks = timeout.create(timeout.settings.parse(value)) as Hooks
  return { hooks }
}

describe('timeout', () => {
  it('takes one duration as the total, from the beginning of the exchange', () => {
    const { hooks } = start('10s')
    const exchange = new FakeExchange({ startedAt: 500 })
    expect(hooks.onRequest?.(exchange)).toBeUndefined()
    expect(exchange.deadlineAt).toBe(10_500)
    expect(exchange.request.attemptTimeoutMs).toBe(Number.POSITIVE_INFINITY)
    expect(exchange.request.idleTimeoutMs).toBe(Number.POSITIVE_INFINITY)
  })

  it('sets the total, the attempt and the idle time', () => {
    const { hooks } = start({ total: '10s', attempt: '3s', idle: '60s' })
    const exchange = new FakeExchange()
    expect(hooks.onRequest?.(exchange)).toBeUndefined()
    expect(exchange.deadlineAt).toBe(10_000)
    expect(exchange.request.attemptTimeoutMs).toBe(3000)
    expect(exchange.request.idleTimeoutMs).toBe(60_000)
  })

  it('leaves alone what is not set', () => {
    const { hooks } = start({ idle: '2m' })
    const exchange = new FakeExchange({ deadlineAt: 700 })
    exchange.request.attemptTimeoutMs = 400
    expect(hooks.onRequest?.(exchange)).toBeUndefined()
    expect(exchange.deadlineAt).toBe(700)
    expect(exchange.request.attemptTimeoutMs).toBe(400)
    expect(exchange.request.idleTimeoutMs).toBe(120_000)
  })

  it('never raises a deadline that is sooner', () => {
    const { hooks } = start('10s')
    const exchange = new FakeExchange({ deadlineAt: 2000 })
    expect(hooks.onRequest?.(exchange)).toBeUndefined()
    expect(exchange.deadlineAt).toBe(2000)
  })

  it('puts no filter around the call', () => {
    const { hooks } = start('10s')
    expect(hooks.upstream).toBeUndefined()
  })
})

describe('the settings of timeout', () => {
  it.each([
    [10, '10 is not a duration'],
    ['0s', 'more than 0'],
    ['30d', 'at most 1d'],
    [{}, 'say at least one of total, attempt, idle'],
    [{ total: 5 }, '5 is not a duration'],
    [{ totl: '5s' }, 'totl'],
    [{ idle: '0ms' }, 'more than 0'],
  ])('refuses %j', (value, message) => {
    const parsed = timeout.settings.safeParse(value)
    expect(parsed.success).toBe(false)
    expect(JSON.stringify(parsed.error?.issues)).toContain(message)
  })

  it('names an attempt that the total always ends first', () => {
    const settings = timeout.settings.parse({ total: '1s', attempt: '3s' })
    expect(timeout.check(settings)).toEqual([
      { path: ['attempt'], message: 'attempt is longer than total', hint: 'total ends it first' },
    ])
  })

  it.each([['5s'], [{ total: '3s', attempt: '3s' }], [{ attempt: '3s' }], [{ idle: '3s' }]])(
    'finds no fault in %j',
    (value) => {
      expect(timeout.check(timeout.settings.parse(value))).toEqual([])
    },
  )

  it('accepts the example', () => {
    const { services } = parse(readFileSync('examples/timeout.yaml', 'utf8'))
    expect(timeout.settings.parse(services.orders.timeout)).toEqual({
      total: 10_000,
      attempt: 3000,
      idle: 30_000,
    })
    expect(timeout.settings.parse(services.orders.routes.report.timeout)).toEqual({ total: 60_000 })
  })
})
