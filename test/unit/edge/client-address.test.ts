// Who the client is: the rows XF01 to XF07 of the security catalogue, and addresses in every spelling.
import { describe, expect, it } from 'vitest'
import { TrustedProxies } from '../../../src/edge/client-address.ts'
import { normalizeIp } from '../../../src/ip-address.ts'

const proxies = new TrustedProxies(['10.0.0.0/8', '192.0.2.7', '2001:db8:1::/48'])
const clientOf = (peer: string, ...forwardedFor: string[]) =>
  proxies.resolve(normalizeIp(peer) ?? peer, forwardedFor)

describe('a client that speaks directly', () => {
  it('is its socket, whatever it says of itself (XF01)', () => {
    expect(clientOf('203.0.113.9', '1.2.3.4')).toEqual({ ip: '203.0.113.9', trusted: false })
    expect(new TrustedProxies([]).resolve('10.0.0.1', ['1.2.3.4'])).toEqual({
      ip: '10.0.0.1',
      trusted: false,
    })
  })

  it('may have no address any more', () => {
    expect(clientOf('', '1.2.3.4')).toEqual({ ip: '', trusted: false })
  })
})

describe('a client behind trusted proxies', () => {
  it('is the rightmost address that is not trusted (XF02)', () => {
    expect(clientOf('10.0.0.1', '6.6.6.6, 7.7.7.7')).toEqual({ ip: '7.7.7.7', trusted: true })
    expect(clientOf('10.0.0.1', '6.6.6.6, 7.7.7.7, 10.9.9.9').ip).toBe('7.7.7.7')
  })

  it('is the leftmost when all are trusted (XF03)', () => {
    expect(clientOf('10.0.0.1', '10.1.1.1, 10.2.2.2').ip).toBe('10.1.1.1')
  })

  it('is the proxy when it says nothing', () => {
    expect(clientOf('10.0.0.1')).toEqual({ ip: '10.0.0.1', trusted: true })
    expect(clientOf('10.0.0.1', '')).toEqual({ ip: '10.0.0.1', trusted: true })
  })

  it.each([
    'unknown',
    '"<script>"',
    '999.1.1.1',
    '::1%eth0',
    '_hidden',
    '1.2.3',
    '[::1',
    '[1.2.3.45',
    '1.2.3.4:x',
  ])('is never %j, nor anything left of it (XF04)', (garbage) => {
    expect(clientOf('10.0.0.1', `6.6.6.6, ${garbage}, 10.5.5.5`).ip).toBe('10.5.5.5')
    expect(clientOf('10.0.0.1', `6.6.6.6, ${garbage}`).ip).toBe('10.0.0.1')
  })

  it('is read through a port and brackets (XF04)', () => {
    expect(clientOf('10.0.0.1', '1.2.3.4:8080').ip).toBe('1.2.3.4')
    expect(clientOf('10.0.0.1', '[2001:db8::1]:443').ip).toBe('2001:db8::1')
  })

  it('is read over several lines in order (XF05)', () => {
    expect(clientOf('10.0.0.1', '6.6.6.6', '7.7.7.7, 10.3.3.3').ip).toBe('7.7.7.7')
  })

  it('is looked for among the last 32 entries only (XF06)', () => {
    const many = Array.from({ length: 10_000 }, () => '10.1.1.1').join(', ')
    expect(clientOf('10.0.0.1', `6.6.6.6, ${many}`).ip).toBe('10.1.1.1')
    const few = Array.from({ length: 31 }, () => '10.1.1.1').join(', ')
    expect(clientOf('10.0.0.1', `6.6.6.6, ${few}`).ip).toBe('6.6.6.6')
  })

  it('is one client, mapped into IPv6 or not (XF07)', () => {
    expect(clientOf('10.0.0.1', '::ffff:1.2.3.4').ip).toBe('1.2.3.4')
    expect(clientOf('::ffff:10.0.0.1', '7.7.7.7')).toEqual({ ip: '7.7.7.7', trusted: true })
    expect(clientOf('::FFFF:203.0.113.9').ip).toBe('203.0.113.9')
  })
})

describe('who is trusted', () => {
  it.each([
    ['192.0.2.7', true],
    ['192.0.2.8', false],
    ['2001:db8:1::5', true],
    ['2001:db8:2::5', false],
    ['11.0.0.1', false],
  ])('%s: %s', (peer, trusted) => {
    expect(clientOf(peer).trusted).toBe(trusted)
  })

  it.each([
    ...['', 'gw.test', '10.0.0', '10.0.0.0/', '10.0.0.0/33', '10.0.0.0/-1', '10.0.0.0/x', '10.0.0.0/8.5'],
    ...['10.0.0.0/ 8', '10.0.0.0/8/8', '10.0.0.0/1e1', '2001:db8::/129', '10.0.0.1:80', '*', '/8'],
  ])('refuses %j, which is no address or network', (cidr) => {
    expect(() => new TrustedProxies([cidr])).toThrow(RangeError)
  })

  it('may be everybody, when somebody writes that', () => {
    const all = new TrustedProxies(['0.0.0.0/0', '::/0'])
    expect(all.resolve('203.0.113.9', []).trusted).toBe(true)
    expect(all.resolve('2001:db8::9', []).trusted).toBe(true)
  })
})
