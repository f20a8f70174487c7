import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { rateLimit } from '../../../../plugins/rate-limit/rate-limit.ts'
import { parse } from './route-under-test.ts'

const faultsOf = (written: unknown): string => z.prettifyError(rateLimit.settings.safeParse(written).error!)

describe('the settings of rateLimit', () => {
  it('count by address and fall back on a local share unless told otherwise', () => {
    expect(parse({ limit: '100/min' })).toEqual({
      limit: { count: 100, periodMs: 60_000 },
      by: 'ip',
      exact: false,
      onStoreError: 'local',
    })
  })

  it('are one limit or a list of them', () => {
    const list = [
      { limit: '100/min', by: 'consumer', tiers: { gold: '1000/min' } },
      { rate: '10/s', burst: 50 },
    ]
    expect(parse(list)).toHaveLength(2)
  })

  it.each([
    [{ limit: '0/min' }, '"0/min" is not a rate like 100/min'],
    [{ limit: '-5/min' }, '"-5/min" is not a rate like 100/min'],
    [{ limit: 100 }, '100 is not a rate like 100/min'],
    [{ limit: '1000001/s' }, 'a limit is at most 1000000 per second'],
    [{ rate: '99999999999999999999/s' }, 'a limit is at most 1000000 per second'],
    [{ limit: '1000000001/h' }, 'a limit is at most'],
    [{ limit: '5/32d' }, 'over at most 31 days'],
    [{ limit: '5/min', tiers: { gold: '0/min' } }, 'is not a rate like 100/min'],
    [{}, 'say either limit (never more in any period) or rate'],
    [{ limit: '5/min', rate: '5/min' }, 'say either limit'],
    [{ limit: '5/min', burst: 5 }, 'a burst belongs to a rate'],
    [{ rate: '5/min', burst: 0 }, 'burst'],
    [{ rate: '5/min', burst: 1.5 }, 'burst'],
    [{ rate: '5/min', burst: 1_000_001 }, 'burst'],
    [
      { limit: '5/min', by: 'user' },
      '"user" is nothing to count by: ip, consumer, route, global or header:<name>',
    ],
    [{ limit: '5/min', by: 'header:' }, 'is nothing to count by'],
    [{ limit: '5/min', by: 'header:a b' }, 'is nothing to count by'],
    [{ limit: '5/min', name: 'a"b' }, 'a name has letters, digits'],
    [{ limit: '5/min', onStoreError: 'open' }, 'onStoreError'],
    [{ limit: '5/min', exact: 'yes' }, 'exact'],
    [{ limit: '5/min', per: 'ip' }, 'per'],
    [[], 'Too small'],
    [Array(17).fill({ limit: '5/min' }), 'Too big'],
    ['100/min', 'expected a limit, or a list of limits'],
  ])('refuse %j', (written, message) => {
    expect(rateLimit.settings.safeParse(written).success).toBe(false)
    expect(JSON.stringify(rateLimit.settings.safeParse(written).error!.issues)).toContain(
      JSON.stringify(message).slice(1, -1),
    )
    expect(faultsOf(written)).not.toBe('')
  })

  it('have a JSON Schema with a description for every key', () => {
    const schema = z.toJSONSchema(rateLimit.settings, { io: 'input' })
    const limit = schema.anyOf![0] as z.core.JSONSchema.JSONSchema
    expect(Object.keys(limit.properties!)).toEqual([
      'limit',
      'rate',
      'burst',
      'by',
      'name',
      'tiers',
      'exact',
      'onStoreError',
    ])
    for (const property of Object.values(limit.properties!)) {
      expect((property as z.core.JSONSchema.JSONSchema).description).toMatch(/\.$/)
    }
  })
})

describe('checking a route', () => {
  const faults = (written: unknown, identifies: boolean) =>
    rateLimit.check(parse(written), { root: undefined, identifies })

  it('finds a limit that waits for a consumer that nobody will name', () => {
    expect(faults({ limit: '5/min', by: 'consumer' }, false)).toEqual([
      {
        path: ['by'],
        message: 'nothing on this route says who the consumer is',
        hint: 'switch on auth for the route, or count by: ip',
      },
    ])
    expect(faults([{ limit: '5/min' }, { limit: '5/min', by: 'consumer' }], false)[0]!.path).toEqual([
      1,
      'by',
    ])
    expect(faults({ limit: '5/min', tiers: { gold: '9/min' } }, false)[0]!.path).toEqual(['tiers'])
  })

  it('is content when a plugin identifies the consumer, and with limits that need none', () => {
    expect(faults({ limit: '5/min', by: 'consumer', tiers: { gold: '9/min' } }, true)).toEqual([])
    expect(faults([{ limit: '5/min' }, { rate: '5/s', by: 'header:x-tenant' }], false)).toEqual([])
  })

  it('finds a name that is used twice', () => {
    const twice = [
      { limit: '5/min', name: 'a' },
      { limit: '9/h', name: 'b' },
      { limit: '7/d', name: 'a' },
    ]
    expect(faults(twice, true)).toEqual([
      { path: [2, 'name'], message: 'the name "a" is used twice in this list' },
    ])
  })
})
