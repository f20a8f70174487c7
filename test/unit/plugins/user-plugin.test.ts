// The example of a plugin of one's own, tested as `docs/writing-a-plugin.md` says.
import { describe, expect, it } from 'vitest'
import { type AuditSettings, audit } from '../../../examples/user-plugin/plugins/audit.ts'
import type { Exchange, PluginContext } from '../../../src/plugin.ts'
import { HeaderList } from '../../../src/plugin.ts'
import { FakeClock } from '../../support/fake-clock.ts'

function setUp(settings: object) {
  const clock = new FakeClock()
  const lines: object[] = []
  const kept = new Map<string, { close?(): void }>()
  let counted = 0
  const context: Partial<PluginContext<AuditSettings>> = {
    clock,
    logger: { debug() {}, info: (facts) => lines.push(facts), warn() {}, error() {} },
    meter: { counter: () => ({ add: () => counted++ }), gauge() {} },
    keep<T extends object>(key: string, create: () => T): T {
      if (!kept.has(key)) kept.set(key, create())
      return kept.get(key) as T
    },
  }
  const parsed = audit.settings.parse({ topic: 'orders', ...settings })
  const create = () => audit.create(parsed, context as PluginContext<AuditSettings>)
  return { clock, lines, kept, create, hooks: create(), counted: () => counted }
}

function exchange(facts: Partial<Exchange> = {}): Exchange {
  const known = {
    id: 'r1',
    method: 'GET',
    path: '/orders/1',
    status: 200,
    headers: new HeaderList(),
    ...facts,
  }
  return known as Exchange
}

const REASON = new HeaderList(['X-Audit-Reason', 'ticket 7'])

describe('the audit example', () => {
  it('refuses a request without a reason, where one is required', () => {
    const { hooks } = setUp({ requireReason: true })
    expect(() => hooks.onRequest?.(exchange())).toThrow('Say why, in the header X-Audit-Reason.')
    expect(hooks.onRequest?.(exchange({ headers: REASON }))).toBeUndefined()
    expect(setUp({}).hooks.onRequest?.(exchange())).toBeUndefined()
  })

  it('writes down who did what, a second later and in one line', async () => {
    const { hooks, lines, clock, counted } = setUp({})
    hooks.onFinish?.(exchange())
    const consumer = { id: 'acme', tier: undefined, scopes: [], claims: {} }
    hooks.onFinish?.(exchange({ id: 'r2', method: 'PUT', status: 204, consumer, headers: REASON }))
    expect(lines).toEqual([])
    await clock.advance(1000)
    expect(lines).toEqual([
      {
        topic: 'orders',
        entries: [
          { id: 'r1', who: 'anonymous', what: 'GET /orders/1', status: 200, reason: undefined },
          { id: 'r2', who: 'acme', what: 'PUT /orders/1', status: 204, reason: 'ticket 7' },
        ],
      },
    ])
    expect(counted()).toBe(2)
    expect(clock.timers).toBe(0)
  })

  it('writes at once when a hundred are waiting, so that the buffer cannot grow', () => {
    const { hooks, lines, clock } = setUp({})
    for (let made = 0; made < 250; made++) hooks.onFinish?.(exchange())
    expect(lines).toHaveLength(2)
    expect(clock.timers).toBe(1)
  })

  it('keeps its buffer over a reload, and loses nothing when it is closed', () => {
    const { hooks, create, kept, lines, clock } = setUp({})
    hooks.onFinish?.(exchange({ id: 'before' }))
    create().onFinish?.(exchange({ id: 'after' }))
    kept.get('trail')?.close?.()
    expect(lines).toMatchObject([{ entries: [{ id: 'before' }, { id: 'after' }] }])
    expect(clock.timers).toBe(0)
    kept.get('trail')?.close?.()
    expect(lines).toHaveLength(1)
  })
})
