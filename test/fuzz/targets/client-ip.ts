// The client's address is the peer, or the first from the right that no trusted proxy has: whatever else was sent.
import assert from 'node:assert/strict'
import { BlockList, isIP } from 'node:net'
import { TrustedProxies } from '../../../src/edge/client-address.ts'
import { normalizeIp } from '../../../src/ip-address.ts'
import type { FuzzTarget } from '../fuzzer.ts'

const proxies = new TrustedProxies(['10.0.0.0/8', '192.0.2.7', '2001:db8::/32'])
const PEERS = [
  '10.1.2.3',
  '::ffff:10.9.9.9',
  '2001:db8::5',
  '203.0.113.9',
  '::ffff:198.51.100.1',
  '2001:db9::1',
]
const MAX_HOPS = 32

/** The first byte chooses the peer, each line after it is a field. */
export const clientIp: FuzzTarget = {
  name: 'client-ip',
  maxBytes: 512,
  runsInCi: 40_000,
  dictionary: [
    ...[
      '10.0.0.1',
      '192.0.2.7',
      '203.0.113.9',
      '2001:db8::1',
      '2001:db9::1',
      '::ffff:10.0.0.1',
      '::1',
      'unknown',
    ],
    ...[', ', ',', ' ', '\n', '[', ']', ':80', ':99999', '%eth0', '/8', '0x0a.0.0.1', '010.0.0.1', '_hidden'],
  ],
  run(input) {
    const [peer, fields] = read(input)
    const own = normalizeIp(peer)!
    const { ip, trusted } = proxies.resolve(own, fields)
    assert.equal(trusted, isTrusted(own))
    assert.notEqual(isIP(ip), 0)
    if (!trusted) assert.equal(ip, own)
    else assert.equal(ip, expected(fields) ?? own)
  },
}

function read(input: Buffer): readonly [string, readonly string[]] {
  const [, ...fields] = input.subarray(1).toString('latin1').split('\n')
  return [PEERS[(input[0] ?? 0) % PEERS.length]!, fields]
}

/** The rule once more, the other way round: what is left of the first hop that ends the chain does not count. */
function expected(fields: readonly string[]): string | undefined {
  const hops = fields.flatMap((field) => field.split(',')).map((hop) => normalizeIp(hop.trim()))
  const near = hops.reverse().slice(0, MAX_HOPS)
  const end = near.findIndex((hop) => hop === undefined || !isTrusted(hop))
  if (end < 0) return near.at(-1)
  return near[end] ?? near[end - 1]
}

const list = new BlockList()
list.addRange('10.0.0.0', '10.255.255.255')
list.addAddress('192.0.2.7')
list.addRange('2001:db8::', '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff', 'ipv6')

function isTrusted(ip: string): boolean {
  return list.check(ip, isIP(ip) === 6 ? 'ipv6' : 'ipv4')
}
