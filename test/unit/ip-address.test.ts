// IP addresses in every spelling, and which of them are one client.
import { describe, expect, it } from 'vitest'
import { ipKey, normalizeIp } from '../../src/ip-address.ts'

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

describe('an address', () => {
  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['1.2.3.4:80', '1.2.3.4'],
    ['::1', '::1'],
    ['[::1]', '::1'],
    ['[::1]:80', '::1'],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['[::ffff:1.2.3.4]:80', '1.2.3.4'],
    ['::ffff:102:304', '1.2.3.4'],
    ['0:0:0:0:0:FFFF:102:304', '1.2.3.4'],
    ['0::ffff:1.2.3.4', '1.2.3.4'],
    ['2001:db8:ffff::ffff:1', '2001:db8:ffff::ffff:1'],
    ['64:ff9b::1.2.3.4', '64:ff9b::1.2.3.4'],
  ])('%s is %s', (text, ip) => {
    expect(normalizeIp(text)).toBe(ip)
  })

  it.each([
    ...['', ' ', 'x', '1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '0x7f.0.0.1', '2130706433', '1.2.3.4/8'],
    ...[
      '[::1',
      '::1]',
      '[::1]x',
      '[::1]:',
      '[::1]:x',
      '[::1]:80:80',
      '[1.2.3.45',
      '[]',
      '[',
      ']',
      'fe80::1%eth0',
    ],
    ...['[fe80::1%25eth0]', '1.2.3.4:', '1.2.3.4:x', '1.2.3.4:80:90', '1.2.3.4 ', '::ffff:999.1.1.1'],
  ])('%j is none', (text) => {
    expect(normalizeIp(text)).toBeUndefined()
  })
})
