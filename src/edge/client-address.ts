// Who the client is: the peer, or what trusted proxies say of it (rightmost address that is not trusted).
import { BlockList, isIP } from 'node:net'
import { normalizeIp } from '../ip-address.ts'

/** Entries of X-Forwarded-For that are read; a longer list is cut from the left. */
const MAX_HOPS = 32
const NETWORK = /^([^/]+)(?:\/(\d{1,3}))?$/

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

  /** True for the address of a trusted proxy. */
  trusts(address: string): boolean {
    return !this.#empty && this.#has(normalizeIp(address) ?? address)
  }

  resolve(peer: string, forwardedFor: readonly string[]): ClientAddress {
    const ip = normalizeIp(peer) ?? peer
    if (!this.trusts(ip)) return { ip, trusted: false }
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
