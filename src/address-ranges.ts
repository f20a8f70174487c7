// Addresses and CIDR ranges: who may come in.
import { BlockList, isIP, SocketAddress } from 'node:net'
import { withoutZone } from './ip-address.ts'

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

export interface AddressLists {
  /** Everybody when it is missing. */
  readonly allow?: readonly string[] | undefined
  /** Wins over `allow`. */
  readonly deny?: readonly string[] | undefined
}

/**
 * What is no address (a client on a Unix socket) is on no list: a rule about addresses fails closed. Throws a RangeError
 * for a text that is no range.
 */
export function addressFilter(lists: AddressLists): (address: string) => boolean {
  const allowed = lists.allow && addressRanges(lists.allow)
  const denied = lists.deny && addressRanges(lists.deny)
  return (written) => {
    const address = withoutZone(written)
    const version = isIP(address)
    const family = version === 4 ? 'ipv4' : 'ipv6'
    return version !== 0 && !denied?.check(address, family) && allowed?.check(address, family) !== false
  }
}

function addressRanges(texts: readonly string[]): BlockList {
  const list = new BlockList()
  for (const text of texts) {
    const range = parseRange(text)
    if (!range) throw new RangeError(`not an address or network: ${text}`)
    list.addSubnet(range.address, range.bits, range.family)
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
