// IP addresses as clients have them: one spelling each, and what counts as one client.
import { isIP, isIPv6 } from 'node:net'

// Whole or not at all: half a bracket would make another address of the rest.
const WITH_PORT = /^(?:\[([0-9A-Fa-f:.]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d{1,5})?$/
const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i
/** Cheap to look for, in every spelling of a mapped address. */
const MAPPED_GROUP = /ffff:/i

const GROUPS = 8
/** The smallest network that a site is given (RFC 6177): its owner has 2^64 addresses to change between. */
const NETWORK_GROUPS = 4
const MAPPED = '0:0:0:0:0:ffff:'

/** An IP without port, brackets and IPv4 mapping; undefined when it is none. */
export function normalizeIp(text: string): string | undefined {
  const [, ipv6, ipv4] = WITH_PORT.exec(text) ?? []
  let ip = ipv6 ?? ipv4 ?? text
  const mapped = MAPPED_IPV4.exec(ip)
  if (mapped) ip = mapped[1]!
  if (isIP(ip) === 0 || ip.includes('%')) return undefined
  return MAPPED_GROUP.test(ip) ? (mappedIpv4(ipv6Groups(ip)) ?? ip) : ip
}

/** RFC 4007 section 11: the zone of a link-local address names an interface of this machine, not the client. */
export function withoutZone(address: string): string {
  const zone = address.indexOf('%')
  return zone < 0 ? address : address.slice(0, zone)
}

/** Which addresses share a limit: an IPv4 address as it is, an IPv6 address as its /64, and an IPv4 address in IPv6 clothes as IPv4. */
export function ipKey(address: string): string {
  if (!address.includes(':') || !isIPv6(address)) return address
  const groups = ipv6Groups(withoutZone(address))
  const mapped = mappedIpv4(groups)
  if (mapped !== undefined) return mapped
  return `${groups.slice(0, NETWORK_GROUPS).join(':')}::/64`
}

/** The eight groups of an IPv6 address, without leading zeros, in lower case. */
export function ipv6Groups(address: string): readonly string[] {
  const [head = '', tail] = address.split('::')
  const before = groupsOf(head)
  if (tail === undefined) return before
  const after = groupsOf(tail)
  return [...before, ...Array<string>(GROUPS - before.length - after.length).fill('0'), ...after]
}

function groupsOf(part: string): readonly string[] {
  if (part === '') return []
  return part.split(':').flatMap((group) => (group.includes('.') ? pair(group) : [canonical(group)]))
}

function canonical(group: string): string {
  return Number.parseInt(group, 16).toString(16)
}

// RFC 4291 section 2.2: the last 32 bits may be written as an IPv4 address.
function pair(quad: string): readonly string[] {
  const [a, b, c, d] = quad.split('.').map(Number) as [number, number, number, number]
  return [(a * 256 + b).toString(16), (c * 256 + d).toString(16)]
}

function mappedIpv4(groups: readonly string[]): string | undefined {
  if (!groups.join(':').startsWith(MAPPED)) return undefined
  const [first, second] = [Number.parseInt(groups[6]!, 16), Number.parseInt(groups[7]!, 16)]
  return [first >> 8, first & 255, second >> 8, second & 255].join('.')
}
