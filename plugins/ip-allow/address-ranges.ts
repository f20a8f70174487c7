// Addresses and CIDR ranges as one list to check against.
import { BlockList, isIP, SocketAddress } from 'node:net'

interface AddressRange {
  readonly address: string
  readonly family: 'ipv4' | 'ipv6'
  readonly bits: number
}

const MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/
const MAPPED_BITS = 96

/** `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`. */
export function isAddressRange(text: string): boolean {
  return parseRange(text) !== undefined
}

export function addressRanges(texts: readonly string[]): BlockList {
  const list = new BlockList()
  for (const text of texts) {
    const { address, bits, family } = parseRange(text)!
    list.addSubnet(address, bits, family)
  }
  return list
}

function parseRange(text: string): AddressRange | undefined {
  const [written = '', bitsText, ...rest] = text.split('/')
  const version = written.includes('%') ? 0 : isIP(written)
  const longest = version === 4 ? 32 : 128
  const bits = bitsText === undefined ? longest : /^\d{1,3}$/.test(bitsText) ? Number(bitsText) : Number.NaN
  if (version === 0 || rest.length > 0 || !(bits <= longest)) return undefined
  const range: AddressRange = { address: written, family: version === 4 ? 'ipv4' : 'ipv6', bits }
  return version === 4 ? range : unmapped(range)
}

// RFC 4291 section 2.5.5.2: `::ffff:192.0.2.7` is an IPv4 client; as an IPv6 rule it would match nobody.
function unmapped(range: AddressRange): AddressRange {
  const { address } = new SocketAddress({ address: range.address, family: 'ipv6' })
  const mapped = MAPPED.exec(address)?.[1]
  if (mapped === undefined || range.bits < MAPPED_BITS) return range
  return { address: mapped, family: 'ipv4', bits: range.bits - MAPPED_BITS }
}
