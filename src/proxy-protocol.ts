// The PROXY protocol, versions 1 and 2: who the client of a connection is, said before its first byte.
import { isIP } from 'node:net'
import { ipv6Groups, normalizeIp, withoutZone } from './ip-address.ts'

export interface ProxiedConnection {
  readonly sourceAddress: string
  readonly sourcePort: number
  /** Where the client connected to. */
  readonly destinationAddress: string
  readonly destinationPort: number
}

export type ProxyProtocolVersion = 'v1' | 'v2'

/** How a header of version 2 begins. */
export const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')
const LOCAL = 0x20
const PROXY = 0x21
const UNSPECIFIED = 0x00
const TCP_OVER_IPV4 = 0x11
const TCP_OVER_IPV6 = 0x21

/** Without a connection: the gateway speaks for itself, as in a health check. */
export function encodeProxyHeader(
  version: ProxyProtocolVersion,
  connection: ProxiedConnection | undefined,
): Buffer {
  const addresses = connection && sameFamily(connection)
  return version === 'v1' ? encodeText(addresses) : encodeBinary(addresses)
}

// `UNKNOWN` rather than nothing: a target that expects a header waits for one.
function encodeText(connection: ProxiedConnection | undefined): Buffer {
  if (!connection) return Buffer.from('PROXY UNKNOWN\r\n')
  const { sourceAddress, sourcePort, destinationAddress, destinationPort } = connection
  const family = `TCP${isIP(sourceAddress)}`
  return Buffer.from(
    `PROXY ${family} ${sourceAddress} ${destinationAddress} ${sourcePort} ${destinationPort}\r\n`,
  )
}

function encodeBinary(connection: ProxiedConnection | undefined): Buffer {
  if (!connection) return Buffer.concat([SIGNATURE, Buffer.from([LOCAL, UNSPECIFIED, 0, 0])])
  const family = isIP(connection.sourceAddress) === 4 ? TCP_OVER_IPV4 : TCP_OVER_IPV6
  const block = Buffer.concat([
    addressBytes(connection.sourceAddress),
    addressBytes(connection.destinationAddress),
    Buffer.from([...twoBytes(connection.sourcePort), ...twoBytes(connection.destinationPort)]),
  ])
  return Buffer.concat([SIGNATURE, Buffer.from([PROXY, family, ...twoBytes(block.length)]), block])
}

/** Undefined when an address is none. A header has one family: an IPv4 address beside an IPv6 one is mapped. */
function sameFamily(connection: ProxiedConnection): ProxiedConnection | undefined {
  const source = unmapped(connection.sourceAddress)
  const destination = unmapped(connection.destinationAddress)
  const families = [isIP(source), isIP(destination)]
  if (families.includes(0)) return undefined
  const mix = families[0] !== families[1]
  return {
    ...connection,
    sourceAddress: mix && families[0] === 4 ? `::ffff:${source}` : source,
    destinationAddress: mix && families[1] === 4 ? `::ffff:${destination}` : destination,
  }
}

// A socket that listens on `::` names IPv4 clients as IPv6.
function unmapped(address: string): string {
  return normalizeIp(withoutZone(address)) ?? ''
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  return Buffer.from(ipv6Groups(address).flatMap((group) => twoBytes(Number.parseInt(group, 16))))
}

function twoBytes(value: number): [number, number] {
  return [value >> 8, value & 0xff]
}
