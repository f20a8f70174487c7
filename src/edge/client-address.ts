// Who the client is: the peer, or what trusted proxies say of it (rightmost address that is not trusted).
import { BlockList, isIP } from 'node:net'

/** Entries of X-Forwarded-For that are read; a longer list is cut from the left. */
const MAX_HOPS = 32
const NETWORK = /^([^/]+)(?:\/(\d{1,3}))?$/
// Whole or not at all: half a bracket would make another address of the rest.
const WITH_PORT = /^(?:\[([0-9A-Fa-f:.]+)\]|(\d+\.\d+\.\d+\.\d+))(?::\d{1,5})?$/
const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

export interface ClientAddress {
  readonly ip: string
  /** True when the peer itself is a trusted proxy, so that its forwarded headers count. */
  readonly trusted: boolean
}

/** The only reader of forwarded addresses. `cidrs` are addresses or networks of proxies in front. */
export class TrustedProxies {
  readonly #list = new BlockList()
  readonly #empty: boolean

  /** Throws a RangeError on something that is no address or network. */
  constructor(cidrs: readonly string[]) {
    this.#empty = cidrs.length === 0
    for (const cidr of cidrs) this.#add(cidr)
  }

  resolve(peer: string, forwardedFor: readonly string[]): ClientAddress {
    const ip = normalizeIp(peer) ?? peer
    if (this.#empty || !this.#has(ip)) return { ip, trusted: false }
    return { ip: this.#rightmostUntrusted(forwardedFor) ?? ip, trusted: true }
  }

  #rightmostUntrusted(forwardedFor: readonly string[]): string | undefined {
    const hops = forwardedFor.join(',').split(',').slice(-MAX_HOPS)
    let last: string | undefined
    for (let at = hops.length - 1; at >= 0; at--) {
      const ip = normalizeIp(hops[at]!.trim())
      // What stands left of something unreadable was written by who knows whom.
      if (ip === undefined) return last
      last = ip
      if (!this.#has(ip)) return ip
    }
    return last
  }

  #has(ip: string): boolean {
    const family = isIP(ip)
    return family !== 0 && this.#list.check(ip, family === 6 ? 'ipv6' : 'ipv4')
  }

  #add(cidr: string): void {
    const [, address = '', prefix] = NETWORK.exec(cidr) ?? []
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
    if (isIP(address) === 0) throw new RangeError(`not an address or network: ${cidr}`)
    if (prefix === undefined) this.#list.addAddress(address, family)
    else this.#list.addSubnet(address, Number(prefix), family)
  }
}

/** An IP without port, brackets and IPv4 mapping; undefined when it is none. */
export function normalizeIp(text: string): string | undefined {
  const [, ipv6, ipv4] = WITH_PORT.exec(text) ?? []
  let ip = ipv6 ?? ipv4 ?? text
  const mapped = MAPPED_IPV4.exec(ip)
  if (mapped) ip = mapped[1]!
  return isIP(ip) === 0 || ip.includes('%') ? undefined : ip
}
