// `ipAllow`: which client addresses come in.
import { describe, expect, it } from 'vitest'
import { ipAllow } from '../../../../plugins/ip-allow/ip-allow.ts'
import { fakeExchange } from '../cors/fake-exchange.ts'

/** Whether a client with this address comes in. */
function lets(settings: unknown, clientIp: string, headers: string[] = []): boolean {
  const hooks = ipAllow.create(ipAllow.settings.parse(settings))
  try {
    hooks.onRequest?.(fakeExchange({ clientIp, headers }))
    return true
  } catch (error) {
    expect(error).toMatchObject({ code: 'ADDRESS_FORBIDDEN', status: 403 })
    return false
  }
}

const messages = (settings: unknown) =>
  ipAllow.settings.safeParse(settings).error?.issues.map(({ path, message }) => [path.join('.'), message])

describe('a list of addresses', () => {
  it('lets in addresses and ranges of both families, and nobody else', () => {
    const list = ['192.0.2.7', '10.0.0.0/8', '2001:db8::/32', '::1']
    for (const address of ['192.0.2.7', '10.255.0.1', '2001:db8:1::2', '::1']) {
      expect(lets(list, address)).toBe(true)
    }
    for (const address of ['192.0.2.8', '11.0.0.1', '2001:db9::1', '::2']) {
      expect(lets(list, address)).toBe(false)
    }
  })

  it('takes an IPv4 address for the same in every spelling', () => {
    expect(lets(['10.0.0.0/8'], '::ffff:10.1.2.3')).toBe(true)
    expect(lets(['::ffff:10.0.0.0/104'], '10.1.2.3')).toBe(true)
    expect(lets(['::ffff:a00:1'], '10.0.0.1')).toBe(true)
    expect(lets(['::ffff:a00:1'], '10.0.0.2')).toBe(false)
    expect(lets({ deny: ['::ffff:10.0.0.0/104'] }, '10.1.2.3')).toBe(false)
  })

  it('may be everybody of one family', () => {
    expect(lets(['0.0.0.0/0'], '203.0.113.9')).toBe(true)
    expect(lets(['0.0.0.0/0'], '2001:db8::1')).toBe(false)
    expect(lets(['::/0'], '2001:db8::1')).toBe(true)
  })

  it('ignores bits behind the range', () => {
    expect(lets(['10.1.2.3/8'], '10.9.9.9')).toBe(true)
  })

  it('looks at the client address alone, never at a header', () => {
    const headers = ['X-Forwarded-For', '10.0.0.1', 'X-Real-IP', '10.0.0.1', 'Forwarded', 'for=10.0.0.1']
    expect(lets(['10.0.0.0/8'], '203.0.113.9', headers)).toBe(false)
  })

  it('ignores the zone of a link-local client', () => {
    expect(lets(['fe80::/10'], 'fe80::1%eth0')).toBe(true)
    expect(lets({ deny: ['fe80::/10'] }, 'fe80::1%eth0')).toBe(false)
  })

  it('refuses a client that has no address', () => {
    expect(lets({ deny: ['10.0.0.0/8'] }, '')).toBe(false)
    expect(lets(['0.0.0.0/0', '::/0'], 'unix:')).toBe(false)
  })
})

describe('allow and deny', () => {
  it('together: deny wins', () => {
    const settings = { allow: ['10.0.0.0/8'], deny: ['10.6.6.6'] }
    expect(lets(settings, '10.6.6.5')).toBe(true)
    expect(lets(settings, '10.6.6.6')).toBe(false)
    expect(lets(settings, '11.0.0.1')).toBe(false)
  })

  it('alone: deny keeps out only those that it names', () => {
    expect(lets({ deny: ['10.0.0.0/8'] }, '203.0.113.9')).toBe(true)
    expect(lets({ deny: ['10.0.0.0/8'] }, '10.0.0.1')).toBe(false)
  })
})

describe('settings that cannot be meant are refused at load:', () => {
  it.each([
    '10.0.0.0/33',
    '::1/129',
    '10.0.0',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '999.1.1.1',
    'fe80::1%eth0',
    'localhost',
    '',
  ])('%j is no address', (text) => {
    const message = `${JSON.stringify(text)} is not an address like 192.0.2.7 or a range like 10.0.0.0/8`
    expect(messages(['192.0.2.7', text])).toEqual([['1', message]])
    expect(messages({ deny: [text] })).toEqual([['deny.0', message]])
  })

  it('nothing at all', () => {
    expect(messages([])).toEqual([['', 'an empty list lets nobody in: name at least one address']])
    expect(messages({})).toEqual([['', 'say at least one of allow, deny']])
    expect(messages('10.0.0.1')).toEqual([
      ['', 'expected a list of addresses, or an object with allow, deny'],
    ])
  })
})
