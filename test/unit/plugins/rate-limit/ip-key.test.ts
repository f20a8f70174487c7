import { describe, expect, it } from 'vitest'
import { ipKey } from '../../../../plugins/rate-limit/ip-key.ts'

describe('the bucket of an address', () => {
  it('is one for all twenty addresses inside one /64', () => {
    const keys = Array.from({ length: 20 }, (_, at) => ipKey(`2001:db8:1:2:${at}:ffff:0:${at * 7}`))
    expect(new Set(keys)).toEqual(new Set(['2001:db8:1:2::/64']))
  })

  it('is another for the next /64', () => {
    expect(ipKey('2001:db8:1:3::1')).not.toBe(ipKey('2001:db8:1:2::1'))
  })

  it.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::FFFF:c000:201', '192.0.2.1'],
    ['0:0:0:0:0:ffff:c000:0201', '192.0.2.1'],
    ['::ffff:255.255.255.255', '255.255.255.255'],
    ['2001:DB8::1', '2001:db8:0:0::/64'],
    ['2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
    ['1:2:3:4:5:6:7::', '1:2:3:4::/64'],
    ['::2:3:4:5:6:7:8', '0:2:3:4::/64'],
  ])('%s counts as %s', (address, key) => {
    expect(ipKey(address)).toBe(key)
  })

  it.each(['', 'unix:', 'not:an:address', '12345::'])('%j is no address and stands for itself', (text) => {
    expect(ipKey(text)).toBe(text)
  })
})
